import { SessionPage } from '@/views/session';

export const dynamicParams = false;

export function generateStaticParams() {
  return [{ id: '_' }];
}

export default function Page() {
  return <SessionPage />;
}
