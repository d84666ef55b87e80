'use client';

import { useEffect, useId, useRef } from 'react';
import { FIELD, hintId, Labelled } from './controls';
import { Icon } from './icon';

interface FieldProps<T> {
  label: string;
  hint: string;
  value: T;
  onChange(value: T): void;
}

interface NumberFieldProps extends FieldProps<number | null> {
  unit: string;
  min: number;
  max: number;
  /** Fractions too. */
  isReal?: boolean;
  /** What an empty field means; without it, it must be filled in. */
  empty?: string;
}

/** A number with its unit; null while it is empty. */
export function NumberField({ label, hint, value, onChange, unit, min, max, isReal, empty }: NumberFieldProps) {
  const id = useId();
  return (
    <Labelled id={id} label={label} hint={hint}>
      <span className="relative">
        <input
          id={id}
          type="number"
          min={min}
          max={max}
          step={isReal ? 'any' : 1}
          required={empty === undefined}
          placeholder={empty}
          aria-describedby={`${id}-unit ${hintId(id)}`}
          value={value ?? ''}
          onChange={({ target }) => onChange(Number.isNaN(target.valueAsNumber) ? null : target.valueAsNumber)}
          className={`h-9 pr-14 ${FIELD}`}
        />
        <span
          id={`${id}-unit`}
          className="pointer-events-none absolute inset-y-0 right-3 flex items-center text-13 text-muted"
        >
          {unit}
        </span>
      </span>
    </Labelled>
  );
}

interface LinesFieldProps extends FieldProps<string> {
  placeholder: string;
  /** What is wrong with the text, if anything. */
  faultOf?(text: string): string | undefined;
}

/** A list, written one entry a line; it grows with what is in it. */
export function LinesField({ label, hint, value, onChange, placeholder, faultOf }: LinesFieldProps) {
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const fault = faultOf?.(value) ?? '';
  useEffect(() => area.current?.setCustomValidity(fault), [fault]);
  return (
    <Labelled id={id} label={label} hint={hint}>
      <textarea
        ref={area}
        id={id}
        rows={2}
        spellCheck={false}
        autoCapitalize="off"
        placeholder={placeholder}
        aria-describedby={hintId(id)}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className={`field-sizing-content max-h-60 min-h-15 resize-none py-2 font-mono !text-13 ${FIELD}`}
      />
    </Labelled>
  );
}

interface SelectFieldProps<T extends string> extends FieldProps<T> {
  options: readonly (readonly [value: T, name: string])[];
}

export function SelectField<T extends string>({ label, hint, value, onChange, options }: SelectFieldProps<T>) {
  const id = useId();
  return (
    <Labelled id={id} label={label} hint={hint}>
      <span className="relative">
        <select
          id={id}
          aria-describedby={hintId(id)}
          value={value}
          onChange={(event) => onChange(event.target.value as T)}
          className={`h-9 appearance-none pr-8 ${FIELD}`}
        >
          {options.map(([option, name]) => (
            <option key={option} value={option}>
              {name}
            </option>
          ))}
        </select>
        <Icon name="chevron" size={12} className="pointer-events-none absolute inset-y-0 right-3 my-auto text-muted" />
      </span>
    </Labelled>
  );
}

export function CheckField({ label, hint, value, onChange }: FieldProps<boolean>) {
  const id = useId();
  return (
    <div className="flex gap-2.5">
      <input
        id={id}
        type="checkbox"
        aria-describedby={hintId(id)}
        checked={value}
        onChange={(event) => onChange(event.target.checked)}
        className="my-0.5 size-4 shrink-0 accent-accent"
      />
      <div>
        <label htmlFor={id} className="text-13 font-medium">
          {label}
        </label>
        <p id={hintId(id)} className="text-12 text-muted">
          {hint}
        </p>
      </div>
    </div>
  );
}

interface RadioCardsProps<T extends string> {
  label: string;
  value: T;
  options: readonly (readonly [value: T, name: string, hint: string])[];
  onChange(value: T): void;
}

/** A few ways that exclude each other, each with what it means. */
export function RadioCards<T extends string>({ label, value, options, onChange }: RadioCardsProps<T>) {
  const id = useId();
  return (
    <fieldset className="grid gap-2 md:grid-cols-3">
      <legend className="sr-only">{label}</legend>
      {options.map(([option, name, hint]) => (
        <label
          key={option}
          className="flex cursor-pointer gap-2.5 rounded-card border border-hairline bg-surface p-3 transition-colors hover:bg-sunken has-checked:border-accent has-checked:bg-accent-soft has-disabled:cursor-default"
        >
          <input
            type="radio"
            name={id}
            aria-labelledby={`${id}-${option}`}
            aria-describedby={hintId(`${id}-${option}`)}
            checked={option === value}
            onChange={() => onChange(option)}
            className="my-0.5 size-4 shrink-0 accent-accent"
          />
          <span>
            <span id={`${id}-${option}`} className="block text-13 font-medium">
              {name}
            </span>
            <span id={hintId(`${id}-${option}`)} className="block text-12 text-muted">
              {hint}
            </span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
