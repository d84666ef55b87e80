import { Settings } from '@/views/settings';

export default function Page() {
  return <Settings />;
}
