'use client';

import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { callData, forgetToken, isUnauthorized } from '@/api/client';
import { Icon } from '@/design/icon';
import { useToast } from '@/design/toast';
import { errorText } from '@/text/error-text';
import { LANGUAGES, type Language, useLanguage } from '@/text/text';
import { chooseTheme, type Theme, useTheme } from './theme';

const ROW =
  'flex h-8 w-full items-center gap-3 rounded-control px-3 text-13 text-muted hover:bg-sunken hover:text-text max-md:h-10';

const NEXT_THEME: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };
const THEME_ICON = { system: 'screen', light: 'sun', dark: 'moon' } as const;

function ThemeSwitch() {
  const { text } = useLanguage();
  const theme = useTheme();
  const label = `${text.settings.theme}: ${text.settings[theme]}`;
  return (
    <button type="button" title={label} className={ROW} onClick={() => chooseTheme(NEXT_THEME[theme])}>
      <Icon name={THEME_ICON[theme]} />
      <span className="xl:not-sr-only max-xl:md:sr-only">{label}</span>
    </button>
  );
}

function LanguageSwitch() {
  const { text, language, choose } = useLanguage();
  const next: Language = language === 'en' ? 'vi' : 'en';
  return (
    <button
      type="button"
      title={`${text.settings.language}: ${LANGUAGES[next]}`}
      className={ROW}
      onClick={() => choose(next)}
    >
      <Icon name="globe" />
      <span className="xl:not-sr-only max-xl:md:sr-only" lang={next}>
        {LANGUAGES[next]}
      </span>
    </button>
  );
}

function SignOut() {
  const { text } = useLanguage();
  const router = useRouter();
  const client = useQueryClient();
  const toast = useToast();
  const signOut = async () => {
    try {
      await callData('/auth/logout', { method: 'POST' });
    } catch (error) {
      // The cookie is still good: who is told otherwise would leave the machine signed in.
      if (!isUnauthorized(error)) return toast(errorText(error, text), true);
    }
    forgetToken();
    client.clear();
    router.replace('/login');
  };
  return (
    <button type="button" title={text.auth.signOut} className={ROW} onClick={signOut} data-testid="sign-out">
      <Icon name="out" />
      <span className="xl:not-sr-only max-xl:md:sr-only">{text.auth.signOut}</span>
    </button>
  );
}

export function Preferences() {
  return (
    <div className="flex flex-col gap-0.5">
      <ThemeSwitch />
      <LanguageSwitch />
      <SignOut />
    </div>
  );
}
