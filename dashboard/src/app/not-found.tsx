import { NotFound } from '@/views/not-found';

export default function Page() {
  return <NotFound />;
}
