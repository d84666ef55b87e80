import { InsightsPage } from '@/views/insights';

export default function Page() {
  return <InsightsPage />;
}
