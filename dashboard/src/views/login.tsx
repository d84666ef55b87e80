'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearchParams } from 'next/navigation';
import { useEffect, useState } from 'react';
import { callData, keepToken } from '@/api/client';
import { useNeedsOwner } from '@/api/queries';
import type { Token } from '@/api/types';
import { Field } from '@/design/controls';
import { BrowserOnly } from '@/shell/browser-only';
import { useText } from '@/text/text';
import { AuthForm, nextPath } from './auth-form';

function LoginForm() {
  const text = useText();
  const router = useRouter();
  const search = useSearchParams();
  const client = useQueryClient();
  const invitation = search.get('invitation');
  const needsOwner = useNeedsOwner();
  useEffect(() => {
    if (needsOwner) router.replace('/register');
  }, [needsOwner, router]);
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const login = useMutation({
    mutationFn: () =>
      callData<Token>('/auth/login', {
        method: 'POST',
        body: { email, password },
        anonymous: true,
      }),
    async onSuccess(answer) {
      keepToken(answer);
      client.clear();
      if (invitation) await callData('/invitations/accept', { method: 'POST', body: { token: invitation } });
      router.replace(nextPath(search));
    },
  });
  return (
    <AuthForm
      title={text.auth.signInTitle}
      lead=""
      action={text.auth.signIn}
      error={login.error}
      isBusy={login.isPending || login.isSuccess}
      onSubmit={() => login.mutate()}
    >
      <Field
        label={text.auth.email}
        type="email"
        name="email"
        autoComplete="username"
        required
        autoFocus
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      <Field
        label={text.auth.password}
        type="password"
        name="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
    </AuthForm>
  );
}

export function Login() {
  return (
    <BrowserOnly>
      <LoginForm />
    </BrowserOnly>
  );
}
