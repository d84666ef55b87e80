'use client';

import { useRouter } from 'next/navigation';
import { useEffect } from 'react';
import { useRoute } from '@/route/route';

/** A project's bare address leads to its overview. */
export function ProjectStart() {
  const { project } = useRoute();
  const router = useRouter();
  useEffect(() => router.replace(`/${encodeURIComponent(project)}/overview`), [project, router]);
  return null;
}
