import { LivePage } from '@/views/live';

export default function Page() {
  return <LivePage />;
}
