'use client';

import type { ProjectDetail } from '@/api/types';
import { Button } from '@/design/controls';
import { LinesField, NumberField, RadioCards, SelectField } from '@/design/fields';
import { FormFault } from '@/design/states';
import { useText } from '@/text/text';
import { Section } from './section';
import { type Canvas, type Recording, recordingOf, recordingPatch } from './settings-forms';
import { useSettingsForm } from './settings-patch';

const MODES = ['full', 'trigger', 'off'] as const;
const IMAGES = ['keep', 'placeholder'] as const;
const CANVASES = ['asked', 'always', 'never'] as const;
/** As the server has them. */
const DURATION_MIN_MAX = 24 * 60;
const KEPT_DAYS_MAX = 365;

/** Which visits can be replayed, and what of them. Everybody may read it: it says why a session has no replay. */
export function RecordingSection({ project, isAdmin }: { project: ProjectDetail; isAdmin: boolean }) {
  const text = useText();
  const words = text.settings.recording;
  const { form, field, save, canSave, error } = useSettingsForm(recordingOf(project.settings), recordingPatch);
  return (
    <Section title={words.title} lead={words.lead}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <fieldset disabled={!isAdmin} className="flex flex-col gap-5">
          <legend className="sr-only">{words.title}</legend>
          <RadioCards<Recording['mode']>
            label={words.mode}
            options={MODES.map((mode) => [mode, words.modes[mode], words.modeHints[mode]] as const)}
            {...field('mode')}
          />
          {form.mode === 'trigger' && <p className="max-w-[72ch] text-12 text-muted">{words.triggers}</p>}
          <div className="grid gap-4 md:grid-cols-3">
            {form.mode !== 'off' && (
              <>
                <NumberField
                  label={words.share}
                  hint={words.shareHint}
                  unit="%"
                  min={0}
                  max={100}
                  isReal
                  {...field('sharePercent')}
                />
                <NumberField
                  label={words.duration}
                  hint={words.durationHint}
                  unit={words.minutes}
                  min={0}
                  max={DURATION_MIN_MAX}
                  isReal
                  empty={words.noEnd}
                  {...field('durationMaxMin')}
                />
              </>
            )}
            <NumberField
              label={words.kept}
              hint={words.keptHint}
              unit={words.days}
              min={1}
              max={KEPT_DAYS_MAX}
              {...field('keptDays')}
            />
          </div>
          {form.mode !== 'off' && (
            <div className="grid gap-4 md:grid-cols-2">
              <LinesField
                label={words.include}
                hint={words.includeHint}
                placeholder="https://example.com/shop/*"
                {...field('includeUrls')}
              />
              <LinesField
                label={words.exclude}
                hint={words.excludeHint}
                placeholder="*/account*"
                {...field('excludeUrls')}
              />
              <SelectField<Recording['images']>
                label={words.images}
                hint={words.imagesHint}
                options={IMAGES.map((policy) => [policy, words.imagePolicies[policy]] as const)}
                {...field('images')}
              />
              <SelectField<Canvas>
                label={words.canvas}
                hint={words.canvasHint}
                options={CANVASES.map((canvas) => [canvas, words.canvases[canvas]] as const)}
                {...field('canvas')}
              />
            </div>
          )}
          <FormFault error={error} />
          {isAdmin ? (
            <Button type="submit" className="self-start" disabled={!canSave}>
              {text.common.save}
            </Button>
          ) : (
            <p className="text-13 text-muted">{text.settings.adminsOnly}</p>
          )}
        </fieldset>
      </form>
    </Section>
  );
}
