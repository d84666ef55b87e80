'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { callData } from '@/api/client';
import { freshKey } from '@/api/fresh-key';
import { useProjects } from '@/api/queries';
import type { NewProject, Project } from '@/api/types';
import { Button, Field } from '@/design/controls';
import { Icon } from '@/design/icon';
import { Card, Empty, Fault, FormFault, SkeletonRows } from '@/design/states';
import { count } from '@/format/format';
import { BrowserOnly } from '@/shell/browser-only';
import { Mark } from '@/shell/mark';
import { Preferences } from '@/shell/preferences';
import { SignedIn } from '@/shell/signed-in';
import { useLanguage, useText } from '@/text/text';

function ProjectRow({ project }: { project: Project }) {
  const { text, language } = useLanguage();
  const sessions = project.sessions_today ?? 0;
  const events = project.events_today ?? 0;
  const today = text.projects.today(count(sessions, language), count(events, language));
  const href = sessions + events > 0 ? 'overview' : 'onboarding';
  return (
    <li className="border-t border-hairline first:border-t-0">
      <Link
        href={`/${project.slug}/${href}`}
        data-testid="project-row"
        className="flex items-center gap-4 px-4 py-3.5 transition-colors hover:bg-sunken"
      >
        <span className="min-w-0 flex-1">
          <span className="block truncate font-medium">{project.name}</span>
          <span className="block truncate text-13 text-muted">{today}</span>
        </span>
        <span className="text-12 text-muted">{text.settings.roles[project.role]}</span>
        <Icon name="right" className="text-muted" />
      </Link>
    </li>
  );
}

function CreateProject({ onCancel }: { onCancel?: () => void }) {
  const text = useText();
  const router = useRouter();
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [domain, setDomain] = useState('');
  const create = useMutation({
    mutationFn: () =>
      callData<NewProject>('/projects', {
        method: 'POST',
        body: { name, allowed_domains: domain ? [domain] : [] },
      }),
    onSuccess(project) {
      freshKey.keep(project.slug, project.key);
      void client.invalidateQueries({ queryKey: ['projects'] });
      router.push(`/${project.slug}/onboarding`);
    },
  });
  return (
    <Card className="p-5">
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <h2>{text.projects.create}</h2>
        <Field
          label={text.projects.name}
          hint={text.projects.nameHint}
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Field
          label={text.projects.domain}
          hint={text.projects.domainHint}
          placeholder="example.com"
          value={domain}
          onChange={(event) => setDomain(event.target.value)}
        />
        <FormFault error={create.error} />
        <div className="flex gap-2">
          <Button type="submit" tone="primary" disabled={create.isPending}>
            {text.common.create}
          </Button>
          {onCancel && (
            <Button tone="quiet" onClick={onCancel}>
              {text.common.cancel}
            </Button>
          )}
        </div>
      </form>
    </Card>
  );
}

function ProjectList() {
  const text = useText();
  const projects = useProjects();
  const [isCreating, setCreating] = useState(false);
  if (projects.isError) return <Fault error={projects.error} onRetry={() => void projects.refetch()} />;
  if (!projects.data) return <SkeletonRows rows={2} height={68} />;
  if (isCreating) return <CreateProject onCancel={() => setCreating(false)} />;
  if (projects.data.length === 0) {
    return (
      <>
        <Empty>{text.projects.empty}</Empty>
        <CreateProject />
      </>
    );
  }
  return (
    <>
      <Card className="overflow-hidden">
        <ul>
          {projects.data.map((project) => (
            <ProjectRow key={project.id} project={project} />
          ))}
        </ul>
      </Card>
      <Button className="mt-4 self-start" onClick={() => setCreating(true)}>
        <Icon name="plus" size={14} />
        {text.projects.create}
      </Button>
    </>
  );
}

export function Projects() {
  const text = useText();
  return (
    <BrowserOnly>
      <SignedIn>
        <main className="mx-auto flex min-h-dvh w-full max-w-[560px] flex-col px-4 py-12">
          <p className="mb-10 flex items-center gap-2.5 text-16 font-semibold tracking-tight">
            <Mark size={28} />
            GoSight
          </p>
          <h1 className="mb-4">{text.projects.title}</h1>
          <ProjectList />
          <div className="mt-auto w-fit pt-10 xl:[&_span]:not-sr-only">
            <Preferences />
          </div>
        </main>
      </SignedIn>
    </BrowserOnly>
  );
}
