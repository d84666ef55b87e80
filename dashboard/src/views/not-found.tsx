'use client';

import { ButtonLink } from '@/design/controls';
import { Empty } from '@/design/states';
import { useText } from '@/text/text';

export function NotFound() {
  const text = useText();
  return (
    <main className="grid min-h-dvh place-items-center">
      <Empty action={<ButtonLink href="/">{text.common.toStart}</ButtonLink>}>{text.common.notFound}</Empty>
    </main>
  );
}
