'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { callData } from '@/api/client';
import { projectPath, useProject } from '@/api/queries';
import type { ProjectDetail } from '@/api/types';
import { Button, Chip, Field } from '@/design/controls';
import { Card, Fault, FormFault, SkeletonRows } from '@/design/states';
import { useText } from '@/text/text';
import { Section } from './section';
import { KeysSection } from './settings-keys';
import { MembersSection } from './settings-members';
import { usePatch } from './settings-patch';
import { PrivacySection } from './settings-privacy';
import { RecordingSection } from './settings-recording';
import { SnippetCard } from './snippet-card';

function General({ project }: { project: ProjectDetail }) {
  const text = useText();
  const patch = usePatch();
  const [name, setName] = useState(project.name);
  const [timezone, setTimezone] = useState(project.timezone);
  return (
    <Section title={text.settings.general}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          patch.mutate({ name, settings: { timezone } });
        }}
      >
        <Field
          label={text.settings.name}
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Field
          label={text.settings.timezone}
          hint={text.settings.timezoneHint}
          required
          list="zones"
          value={timezone}
          onChange={(event) => setTimezone(event.target.value)}
        />
        <datalist id="zones">
          {Intl.supportedValuesOf('timeZone').map((zone) => (
            <option key={zone} value={zone} />
          ))}
        </datalist>
        <FormFault error={patch.error} />
        <Button type="submit" className="self-start" disabled={patch.isPending}>
          {text.common.save}
        </Button>
      </form>
    </Section>
  );
}

function Domains({ project }: { project: ProjectDetail }) {
  const text = useText();
  const patch = usePatch();
  const [domain, setDomain] = useState('');
  const domains = project.allowed_domains;
  return (
    <Section title={text.settings.domains} lead={text.settings.domainsLead}>
      {domains.length > 0 && (
        <div className="flex flex-wrap gap-1.5">
          {domains.map((name) => (
            <Chip
              key={name}
              label={text.filters.remove(name)}
              onRemove={() => patch.mutate({ allowed_domains: domains.filter((other) => other !== name) })}
            >
              {name}
            </Chip>
          ))}
        </div>
      )}
      <form
        className="flex items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          patch.mutate({ allowed_domains: [...domains, domain.trim()] }, { onSuccess: () => setDomain('') });
        }}
      >
        <Field
          label={text.settings.domainAdd}
          placeholder="*.example.com"
          required
          className="flex-1"
          value={domain}
          onChange={(event) => setDomain(event.target.value)}
        />
        <Button type="submit" className="h-9" disabled={patch.isPending}>
          {text.common.add}
        </Button>
      </form>
      <FormFault error={patch.error} />
    </Section>
  );
}

const THRESHOLDS = [
  ['rage_click', 'min_clicks', 'minClicks', 5],
  ['rage_click', 'window_ms', 'windowMs', 2000],
  ['rage_click', 'radius_px', 'radiusPx', 50],
  ['dead_click', 'window_ms', 'windowMs', 1000],
  ['error_click', 'window_ms', 'windowMs', 1000],
] as const;

type Numbers = Record<string, Record<string, number>>;

function Thresholds({ project }: { project: ProjectDetail }) {
  const text = useText();
  const patch = usePatch();
  const given = project.settings.insights;
  const [changed, setChanged] = useState<Numbers>({});
  const current = (type: string, name: string, preset: number) =>
    changed[type]?.[name] ?? given[type]?.[name] ?? preset;
  return (
    <Section title={text.settings.thresholds} lead={text.settings.thresholdsLead}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          patch.mutate({ settings: { insights: changed } }, { onSuccess: () => setChanged({}) });
        }}
      >
        <div className="grid grid-cols-2 gap-4 md:grid-cols-3">
          {THRESHOLDS.map(([type, name, word, preset]) => (
            <Field
              key={`${type} ${name}`}
              label={`${text.insight[type]}: ${text.settings[word]}`}
              type="number"
              min={1}
              required
              value={current(type, name, preset)}
              onChange={(event) =>
                setChanged({ ...changed, [type]: { ...changed[type], [name]: event.target.valueAsNumber || 0 } })
              }
            />
          ))}
        </div>
        <FormFault error={patch.error} />
        <Button type="submit" className="self-start" disabled={patch.isPending || Object.keys(changed).length === 0}>
          {text.common.save}
        </Button>
      </form>
    </Section>
  );
}

function Danger({ project }: { project: ProjectDetail }) {
  const text = useText();
  const router = useRouter();
  const client = useQueryClient();
  const [typed, setTyped] = useState('');
  const remove = useMutation({
    mutationFn: () => callData(projectPath(project.id), { method: 'DELETE' }),
    onSuccess() {
      client.removeQueries({ queryKey: ['project'] });
      void client.invalidateQueries({ queryKey: ['projects'] });
      router.replace('/');
    },
  });
  return (
    <Section title={text.settings.danger} lead={text.settings.dangerLead(project.name)}>
      <form
        className="flex items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          remove.mutate();
        }}
      >
        <Field
          label={text.settings.name}
          placeholder={project.name}
          className="flex-1"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Button type="submit" tone="fault" className="h-9" disabled={typed !== project.name || remove.isPending}>
          {text.settings.delete}
        </Button>
      </form>
      <FormFault error={remove.error} />
    </Section>
  );
}

export function Settings() {
  const text = useText();
  const project = useProject();
  if (project.isError && !project.data) {
    return <Fault error={project.error} onRetry={() => void project.refetch()} />;
  }
  const isAdmin = project.data?.role === 'owner' || project.data?.role === 'admin';
  return (
    <div className="mx-auto max-w-[720px]">
      <h1>{text.pages.settings}</h1>
      {!project.data && (
        <Card className="mt-6">
          <SkeletonRows rows={8} />
        </Card>
      )}
      {project.data && (
        <div key={project.data.id} className="mt-2">
          <Section title={text.settings.snippet} lead={text.onboarding.lead}>
            <SnippetCard />
          </Section>
          {isAdmin && <General project={project.data} />}
          {isAdmin && <KeysSection />}
          {isAdmin && <Domains project={project.data} />}
          <RecordingSection project={project.data} isAdmin={isAdmin} />
          {isAdmin && <PrivacySection project={project.data} />}
          {isAdmin && <Thresholds project={project.data} />}
          <MembersSection isAdmin={isAdmin} />
          {project.data.role === 'owner' && <Danger project={project.data} />}
        </div>
      )}
    </div>
  );
}
