import { Projects } from '@/views/projects';

export default function Page() {
  return <Projects />;
}
