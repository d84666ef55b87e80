import { ProjectStart } from '@/views/project-start';

export default function Page() {
  return <ProjectStart />;
}
