'use client';

import { useText } from '@/text/text';
import { Segmented } from './controls';

export type Form = 'chart' | 'table';

/** Whether numbers are drawn or listed. */
export function FormChoice({ label, form, onChoose }: { label: string; form: Form; onChoose(form: Form): void }) {
  const text = useText();
  return (
    <Segmented<Form>
      label={label}
      value={form}
      options={[
        ['chart', text.common.chart],
        ['table', text.common.table],
      ]}
      onChoose={onChoose}
    />
  );
}
