import type { ReactNode } from 'react';
import { ProjectShell } from '@/shell/project-shell';

/** The export has one file for every project; the server gives it for each, and `useRoute` reads which one it is. */
export const dynamicParams = false;

export function generateStaticParams() {
  return [{ project: '_' }];
}

export default function ProjectLayout({ children }: { children: ReactNode }) {
  return <ProjectShell>{children}</ProjectShell>;
}
