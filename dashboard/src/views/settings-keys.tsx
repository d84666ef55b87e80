'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { callData } from '@/api/client';
import { projectPath, useKeys } from '@/api/queries';
import { Button, CopyButton, Field, Select } from '@/design/controls';
import { Card, Fault, FormFault, SkeletonRows } from '@/design/states';
import { moment } from '@/format/format';
import { useRoute } from '@/route/route';
import { useLanguage, useText } from '@/text/text';
import { Section } from './section';

function KeyList({ onRevoke }: { onRevoke(id: string): void }) {
  const { text, language } = useLanguage();
  const keys = useKeys();
  if (keys.isError && !keys.data) return <Fault error={keys.error} onRetry={() => void keys.refetch()} />;
  if (!keys.data) return <SkeletonRows rows={2} />;
  return (
    <ul>
      {keys.data
        .filter((key) => !key.revoked_at)
        .map((key) => (
          <li
            key={key.id}
            data-testid="key-row"
            className="flex flex-wrap items-center gap-x-4 gap-y-1 border-t border-hairline px-4 py-2.5 text-13 first:border-t-0"
          >
            <span className="min-w-0 flex-1 basis-40 truncate font-medium">{key.name}</span>
            <code className="font-mono text-12">{key.prefix}…</code>
            <span className="text-12 text-muted">
              {key.permissions.map((name) => (name === 'write' ? text.settings.write : text.settings.read)).join(', ')}
            </span>
            <span className="text-12 text-muted">{moment(key.created_at, Date.now(), language)}</span>
            <Button tone="fault" onClick={() => onRevoke(key.id)}>
              {text.settings.revoke}
            </Button>
          </li>
        ))}
    </ul>
  );
}

export function KeysSection() {
  const text = useText();
  const { project } = useRoute();
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [permission, setPermission] = useState('write');
  const base = `${projectPath(project)}/keys`;
  const onSuccess = () => client.invalidateQueries({ queryKey: ['project', project, 'keys'] });
  const create = useMutation({
    mutationFn: () => callData<{ key: string }>(base, { method: 'POST', body: { name, permission } }),
    onSuccess() {
      setName('');
      void onSuccess();
    },
  });
  const revoke = useMutation({
    mutationFn: (id: string) => callData(`${base}/${id}`, { method: 'DELETE' }),
    onSuccess,
  });
  return (
    <Section title={text.settings.keys} lead={text.settings.keysLead}>
      {create.data && (
        <Card className="flex animate-enter flex-wrap items-center gap-3 p-4">
          <div className="min-w-0 flex-1">
            <p className="text-13 text-muted">{text.settings.keyShown}</p>
            <code data-testid="new-key-value" className="font-mono text-13 break-all">
              {create.data.key}
            </code>
          </div>
          <CopyButton value={create.data.key} />
        </Card>
      )}
      <Card>
        <KeyList onRevoke={(id) => revoke.mutate(id)} />
      </Card>
      <form
        className="flex flex-wrap items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Field
          label={text.settings.keyName}
          required
          maxLength={100}
          className="flex-1 basis-48"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Select
          label={text.settings.newKey}
          value={permission}
          className="!h-9"
          options={[
            ['write', text.settings.write],
            ['read', text.settings.read],
          ]}
          onChoose={setPermission}
        />
        <Button type="submit" className="h-9" disabled={create.isPending}>
          {text.settings.newKey}
        </Button>
      </form>
      <FormFault error={create.error ?? revoke.error} />
    </Section>
  );
}
