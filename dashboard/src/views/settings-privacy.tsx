'use client';

import type { ProjectDetail } from '@/api/types';
import { Button } from '@/design/controls';
import { CheckField, LinesField, SelectField } from '@/design/fields';
import { FormFault } from '@/design/states';
import { useText } from '@/text/text';
import { Section } from './section';
import { linesOf, type Privacy, privacyOf, privacyPatch } from './settings-forms';
import { useSettingsForm } from './settings-patch';

const IP_MODES = ['keep', 'truncate', 'hash', 'drop'] as const;

/** A page puts them all into one selector: each must be whole, so that what comes after it counts. */
function isSelector(line: string): boolean {
  try {
    document.createDocumentFragment().querySelector(`${line},a`);
    return true;
  } catch {
    return false;
  }
}

export function PrivacySection({ project }: { project: ProjectDetail }) {
  const text = useText();
  const words = text.settings;
  const { field, save, canSave, error } = useSettingsForm(privacyOf(project.settings), privacyPatch);
  const faultOf = (lines: string) => {
    const wrong = linesOf(lines).find((line) => !isSelector(line));
    return wrong === undefined ? undefined : words.noSelector(wrong);
  };
  return (
    <Section title={words.privacy} lead={words.privacyNote}>
      <form
        className="flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <CheckField label={words.maskAllText} hint={words.maskAllTextHint} {...field('masksAllText')} />
        <div className="grid gap-4 md:grid-cols-2">
          <LinesField
            label={words.maskSelectors}
            hint={words.maskSelectorsHint}
            placeholder=".customer-name"
            faultOf={faultOf}
            {...field('maskSelectors')}
          />
          <LinesField
            label={words.blockSelectors}
            hint={words.blockSelectorsHint}
            placeholder="#invoice"
            faultOf={faultOf}
            {...field('blockSelectors')}
          />
          <LinesField
            label={words.blockUrls}
            hint={words.blockUrlsHint}
            placeholder="*/admin*"
            {...field('blockUrls')}
          />
          <LinesField
            label={words.excludedFields}
            hint={words.excludedFieldsHint}
            placeholder="salary"
            {...field('excludedFields')}
          />
          <SelectField<Privacy['ip']>
            label={words.ip}
            hint={words.ipHint}
            options={IP_MODES.map((name) => [name, words.ipModes[name]] as const)}
            {...field('ip')}
          />
        </div>
        <FormFault error={error} />
        <Button type="submit" className="self-start" disabled={!canSave}>
          {text.common.save}
        </Button>
      </form>
    </Section>
  );
}
