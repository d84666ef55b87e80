'use client';

import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import { type Dictionary, en } from './en';

export const LANGUAGES = { en: 'English', vi: 'Tiếng Việt' } as const;
export type Language = keyof typeof LANGUAGES;

const STORAGE_KEY = 'gosight.language';

interface TextValue {
  text: Dictionary;
  language: Language;
  choose(language: Language): void;
}

const TextContext = createContext<TextValue>({ text: en, language: 'en', choose: () => {} });

function preferred(): Language {
  const stored = window.localStorage.getItem(STORAGE_KEY) ?? navigator.language;
  return stored.startsWith('vi') ? 'vi' : 'en';
}

async function load(language: Language): Promise<Dictionary> {
  return language === 'vi' ? (await import('./vi')).vi : en;
}

export function TextProvider({ children }: { children: ReactNode }) {
  const [value, setValue] = useState<{ text: Dictionary; language: Language }>({ text: en, language: 'en' });

  const show = useCallback(async (language: Language) => {
    const text = await load(language);
    document.documentElement.lang = language;
    setValue({ text, language });
  }, []);

  useEffect(() => {
    void show(preferred());
  }, [show]);

  const context = useMemo(
    () => ({
      ...value,
      choose(language: Language) {
        window.localStorage.setItem(STORAGE_KEY, language);
        void show(language);
      },
    }),
    [value, show],
  );
  return <TextContext value={context}>{children}</TextContext>;
}

export function useText(): Dictionary {
  return useContext(TextContext).text;
}

export function useLanguage(): TextValue {
  return useContext(TextContext);
}
