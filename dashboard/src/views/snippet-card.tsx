'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { callData } from '@/api/client';
import { freshKey } from '@/api/fresh-key';
import { projectPath } from '@/api/queries';
import { callsSnippet, packageSnippet, scriptSnippet } from '@/api/snippet';
import { Button, CopyButton, Segmented } from '@/design/controls';
import { Card, FormFault } from '@/design/states';
import { useRoute } from '@/route/route';
import { useText } from '@/text/text';

const SNIPPETS = { script: scriptSnippet, calls: callsSnippet, package: packageSnippet };
type Form = keyof typeof SNIPPETS;

/** The snippet with the project's key in it: known only right after it was made, so it can be made anew here. */
export function SnippetCard() {
  const text = useText();
  const { project } = useRoute();
  const client = useQueryClient();
  const [form, setForm] = useState<Form>('script');
  const [key, setKey] = useState(() => freshKey.of(project));
  const create = useMutation({
    mutationFn: () =>
      callData<{ key: string }>(`${projectPath(project)}/keys`, {
        method: 'POST',
        body: { name: text.settings.snippet, permission: 'write' },
      }),
    onSuccess(answer) {
      freshKey.keep(project, answer.key);
      setKey(answer.key);
      void client.invalidateQueries({ queryKey: ['project', project, 'keys'] });
    },
  });
  const origin = window.location.origin;
  const snippet = SNIPPETS[form](origin, key ?? 'YOUR_KEY');
  return (
    <Card className="overflow-hidden">
      <div className="flex flex-wrap items-center justify-between gap-2 border-b border-hairline px-4 py-2.5">
        <Segmented<Form>
          label={text.settings.snippet}
          value={form}
          options={[
            ['script', text.onboarding.script],
            ['calls', text.onboarding.calls],
            ['package', text.onboarding.npm],
          ]}
          onChoose={setForm}
        />
        <CopyButton value={snippet} testId="copy-snippet" />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keys */}
      <pre data-testid="snippet" tabIndex={0} className="overflow-x-auto p-4 font-mono text-13 leading-5">
        {snippet}
      </pre>
      <div className="flex flex-wrap items-center gap-3 border-t border-hairline px-4 py-3">
        <p className="max-w-[72ch] flex-1 basis-60 text-13 text-muted">
          {key ? text.onboarding.keyNote : text.onboarding.keyPlaceholder}
        </p>
        {!key && (
          <Button onClick={() => create.mutate()} disabled={create.isPending} data-testid="new-key">
            {text.onboarding.newKey}
          </Button>
        )}
        <FormFault error={create.error} />
      </div>
    </Card>
  );
}
