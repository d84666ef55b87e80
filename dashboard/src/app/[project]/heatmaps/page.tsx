import { Heatmaps } from '@/views/heatmaps';

export default function Page() {
  return <Heatmaps />;
}
