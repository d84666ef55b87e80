'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearchParams } from 'next/navigation';
import { useState } from 'react';
import { callData, keepToken } from '@/api/client';
import type { Token } from '@/api/types';
import { Field } from '@/design/controls';
import { BrowserOnly } from '@/shell/browser-only';
import { useText } from '@/text/text';
import { AuthForm } from './auth-form';

const PASSWORD_MIN = 8;

/** The first account becomes the owner; later ones come with an invitation's token in the address. */
function RegisterForm() {
  const text = useText();
  const router = useRouter();
  const client = useQueryClient();
  const invitation = useSearchParams().get('invitation') ?? undefined;
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const register = useMutation({
    mutationFn: () =>
      callData<Token>('/auth/register', {
        method: 'POST',
        body: { name, email, password, invitation_token: invitation },
        anonymous: true,
      }),
    onSuccess(answer) {
      keepToken(answer);
      client.clear();
      router.replace('/');
    },
  });
  return (
    <AuthForm
      title={text.auth.registerTitle}
      lead={invitation ? text.auth.registerInvited : text.auth.registerOwner}
      action={text.auth.registerTitle}
      error={register.error}
      isBusy={register.isPending || register.isSuccess}
      other={{
        href: invitation ? `/login?invitation=${encodeURIComponent(invitation)}` : '/login',
        words: text.auth.toSignIn,
      }}
      onSubmit={() => register.mutate()}
    >
      <Field
        label={text.auth.name}
        name="name"
        autoComplete="name"
        required
        autoFocus
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <Field
        label={text.auth.email}
        type="email"
        name="email"
        autoComplete="username"
        required
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      <Field
        label={text.auth.password}
        hint={text.auth.passwordHint}
        type="password"
        name="password"
        autoComplete="new-password"
        required
        minLength={PASSWORD_MIN}
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
    </AuthForm>
  );
}

export function Register() {
  return (
    <BrowserOnly>
      <RegisterForm />
    </BrowserOnly>
  );
}
