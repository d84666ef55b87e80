import { Alerts } from '@/views/alerts';

export default function Page() {
  return <Alerts />;
}
