'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { callData } from '@/api/client';
import { projectPath } from '@/api/queries';
import type { MergePatch, ProjectDetail, ProjectSettings } from '@/api/types';
import { useToast } from '@/design/toast';
import { useRoute } from '@/route/route';
import { useText } from '@/text/text';

interface Patch {
  name?: string;
  allowed_domains?: string[];
  settings?: MergePatch<ProjectSettings>;
}

export function usePatch() {
  const { project } = useRoute();
  const client = useQueryClient();
  const toast = useToast();
  const text = useText();
  return useMutation({
    mutationFn: (body: Patch) => callData<ProjectDetail>(projectPath(project), { method: 'PATCH', body }),
    onSuccess(answer) {
      toast(text.common.saved);
      client.setQueryData(['project', project, 'self'], answer);
      void client.invalidateQueries({ queryKey: ['projects'] });
    },
  });
}

/** A form over what is saved: what was changed in it is sent, and nothing else. */
export function useSettingsForm<Form extends object>(
  saved: Form,
  patchOf: (changed: Partial<Form>) => MergePatch<ProjectSettings>,
) {
  const patch = usePatch();
  const [changed, setChanged] = useState<Partial<Form>>({});
  return {
    form: { ...saved, ...changed },
    /** What a control is told its value is, and whom it tells of another. */
    field: <Name extends keyof Form>(name: Name) => ({
      value: { ...saved, ...changed }[name],
      onChange: (value: Form[Name]) => setChanged({ ...changed, [name]: value }),
    }),
    save: () => patch.mutate({ settings: patchOf(changed) }, { onSuccess: () => setChanged({}) }),
    canSave: !patch.isPending && Object.keys(changed).length > 0,
    error: patch.error,
  };
}
