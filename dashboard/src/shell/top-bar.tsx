'use client';

import Link from 'next/link';
import { useState } from 'react';
import { useProjects } from '@/api/queries';
import { Button, Chip, Field, MENU_ITEM, Menu, Segmented } from '@/design/controls';
import { Icon } from '@/design/icon';
import { countryName, duration } from '@/format/format';
import { FILTER_NAMES, type FilterName, isEmpty } from '@/route/filters';
import { formatRange, PRESETS, type Preset, type Range, rangeInAddress } from '@/route/range';
import { useChangeSearch, useRoute, useView } from '@/route/route';
import { useLanguage, useText } from '@/text/text';
import { Status } from './status';

function ProjectSwitch() {
  const text = useText();
  const { project } = useRoute();
  const projects = useProjects();
  const here = projects.data?.find(({ id, slug }) => id === project || slug === project);
  return (
    <Menu
      label={text.projects.switch}
      testId="project-switch"
      trigger={
        <>
          <span className="max-w-40 truncate">{here?.name ?? project}</span>
          <Icon name="chevron" size={12} className="text-muted" />
        </>
      }
    >
      {(close) => (
        <>
          {projects.data?.map((other) => (
            <Link
              key={other.id}
              href={`/${other.slug}/overview`}
              aria-current={other === here}
              className={MENU_ITEM}
              onClick={close}
            >
              {other.name}
            </Link>
          ))}
          <Link href="/" className={`${MENU_ITEM} text-muted`} onClick={close}>
            <Icon name="plus" size={14} />
            {text.projects.create}
          </Link>
        </>
      )}
    </Menu>
  );
}

/** A moment as the field for local dates wants it. */
function localValue(iso: string): string {
  const date = new Date(iso);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function CustomRange({ range, onApply }: { range: Range; onApply(text: string): void }) {
  const text = useText();
  const [start, setStart] = useState(range.kind === 'fixed' ? localValue(range.start) : '');
  const [end, setEnd] = useState(range.kind === 'fixed' ? localValue(range.end) : '');
  const isValid = start !== '' && end !== '' && start < end;
  return (
    <form
      className="flex w-60 flex-col gap-3 p-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (isValid) onApply(`${new Date(start).toISOString()}~${new Date(end).toISOString()}`);
      }}
    >
      <Field label={text.range.from} type="datetime-local" value={start} onChange={(e) => setStart(e.target.value)} />
      <Field label={text.range.to} type="datetime-local" value={end} onChange={(e) => setEnd(e.target.value)} />
      <Button type="submit" tone="primary" disabled={!isValid}>
        {text.range.apply}
      </Button>
    </form>
  );
}

function PresetName({ preset }: { preset: Preset }) {
  const text = useText();
  return (
    <>
      {preset === 'live' && <span aria-hidden="true" className="size-1.5 rounded-full bg-live" />}
      {text.range[preset]}
    </>
  );
}

function RangePicker() {
  const { text, language } = useLanguage();
  const { range } = useView();
  const change = useChangeSearch();
  const day = (iso: string) =>
    new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short' }).format(new Date(iso));
  return (
    <div className="flex flex-wrap items-center gap-1.5">
      <Segmented<Preset>
        label={text.range.label}
        value={range.kind === 'preset' ? range.preset : null}
        options={PRESETS.map((preset) => [preset, <PresetName key={preset} preset={preset} />] as const)}
        onChoose={(preset) => change({ range: rangeInAddress({ kind: 'preset', preset }) })}
      />
      <div className="ml-auto">
        <Menu
          label={text.range.custom}
          align="right"
          trigger={range.kind === 'fixed' ? `${day(range.start)} – ${day(range.end)}` : text.range.custom}
        >
          {(close) => (
            <CustomRange
              key={formatRange(range)}
              range={range}
              onApply={(value) => {
                change({ range: value });
                close();
              }}
            />
          )}
        </Menu>
      </div>
    </div>
  );
}

const FLAGS: readonly FilterName[] = ['rage', 'dead', 'error_click', 'error', 'replay'];

function AddFilter() {
  const text = useText();
  const { filters } = useView();
  const change = useChangeSearch();
  const [name, setName] = useState<FilterName | null>(null);
  const [value, setValue] = useState('');
  const choices = FILTER_NAMES.filter((choice) => !(choice in filters));
  return (
    <Menu
      label={text.filters.add}
      testId="add-filter"
      trigger={
        <>
          <Icon name="filter" size={14} className="text-muted" />
          {text.filters.add}
        </>
      }
    >
      {(close) => {
        const apply = (filter: FilterName, chosen: string) => {
          change({ [filter]: chosen });
          setName(null);
          setValue('');
          close();
        };
        if (name === null) {
          return choices.map((choice) => (
            <button
              key={choice}
              type="button"
              className={MENU_ITEM}
              onClick={() => (FLAGS.includes(choice) ? apply(choice, 'true') : setName(choice))}
            >
              {FLAGS.includes(choice) ? text.filters.with(text.filters[choice]) : text.filters[choice]}
            </button>
          ));
        }
        return (
          <form
            className="flex w-56 flex-col gap-3 p-2"
            onSubmit={(event) => {
              event.preventDefault();
              const chosen = name === 'duration_min_ms' ? String(Math.round(Number(value) * 1000)) : value.trim();
              if (value.trim()) apply(name, chosen);
            }}
          >
            {name === 'duration_min_ms' ? (
              <Field
                label={text.filters.secondsMin}
                value={value}
                type="number"
                min={1}
                max={86_400}
                autoFocus
                onChange={(e) => setValue(e.target.value)}
              />
            ) : (
              <Field label={text.filters[name]} value={value} autoFocus onChange={(e) => setValue(e.target.value)} />
            )}
            <Button type="submit" tone="primary">
              {text.range.apply}
            </Button>
          </form>
        );
      }}
    </Menu>
  );
}

function FilterChips() {
  const { text, language } = useLanguage();
  const { filters } = useView();
  const change = useChangeSearch();
  const words = (name: FilterName, value: string) => {
    if (FLAGS.includes(name)) return text.filters.with(text.filters[name]);
    if (name === 'duration_min_ms') return text.filters.atLeast(duration(Number(value)));
    return `${text.filters[name]}: ${name === 'country' ? countryName(value, language) : value}`;
  };
  return FILTER_NAMES.filter((name) => filters[name]).map((name) => (
    <Chip
      key={name}
      label={text.filters.remove(words(name, filters[name] ?? ''))}
      onRemove={() => change({ [name]: null })}
    >
      {words(name, filters[name] ?? '')}
    </Chip>
  ));
}

/** Which pages look at a range, and which can be narrowed. */
const WITH_RANGE = ['overview', 'sessions', 'insights', 'heatmaps'];
const WITH_FILTERS = ['overview', 'sessions'];

export function TopBar() {
  const text = useText();
  const { page, id } = useRoute();
  const { filters } = useView();
  const hasRange = WITH_RANGE.includes(page) && !id;
  const hasFilters = WITH_FILTERS.includes(page) && !id;
  return (
    <header className="sticky top-0 z-20 border-b border-hairline bg-ground/95 backdrop-blur-sm">
      <div className="mx-auto flex w-full max-w-[1440px] flex-wrap items-center gap-x-3 gap-y-2 px-4 py-2.5 md:px-6">
        <ProjectSwitch />
        {hasRange && (
          <div className="max-md:order-3 max-md:w-full">
            <RangePicker />
          </div>
        )}
        {hasFilters && (
          <fieldset aria-label={text.filters.label} className="flex flex-wrap items-center gap-1.5 max-md:order-4">
            <AddFilter />
            {!isEmpty(filters) && <FilterChips />}
          </fieldset>
        )}
        <div className="ml-auto min-w-0">
          <Status />
        </div>
      </div>
    </header>
  );
}
