'use client';

import Link from 'next/link';
import { type ComponentProps, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { useText } from '@/text/text';
import { useCopy } from './copy';
import { Icon, type IconName } from './icon';

type Tone = 'primary' | 'plain' | 'quiet' | 'fault';

const TONES: Record<Tone, string> = {
  primary: 'bg-accent text-on-accent hover:opacity-90 border-transparent',
  plain: 'border-hairline bg-surface hover:bg-sunken',
  quiet: 'border-transparent text-muted hover:bg-sunken hover:text-text',
  fault: 'border-fault/40 bg-surface text-fault hover:bg-fault-soft',
};

const BUTTON =
  'inline-flex h-8 items-center justify-center gap-1.5 rounded-control border px-3 text-13 font-medium whitespace-nowrap transition-colors disabled:opacity-50 disabled:cursor-default max-md:min-h-9';

export function Button({ tone = 'plain', className = '', ...rest }: ComponentProps<'button'> & { tone?: Tone }) {
  return <button type="button" className={`${BUTTON} ${TONES[tone]} ${className}`} {...rest} />;
}

export function ButtonLink({ tone = 'plain', className = '', ...rest }: ComponentProps<typeof Link> & { tone?: Tone }) {
  return <Link className={`${BUTTON} ${TONES[tone]} ${className}`} {...rest} />;
}

export function IconButton({ icon, label, ...rest }: { icon: IconName; label: string } & ComponentProps<'button'>) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className="inline-flex size-8 shrink-0 items-center justify-center rounded-control text-muted transition-colors hover:bg-sunken hover:text-text max-md:size-10"
      {...rest}
    >
      <Icon name={icon} />
    </button>
  );
}

export const FIELD =
  'w-full rounded-control border border-edge/70 bg-surface px-3 text-14 placeholder:text-muted focus-visible:border-accent focus-visible:outline-1 focus-visible:outline-offset-0 disabled:bg-sunken disabled:text-muted';

interface LabelledProps {
  id: string;
  label: string;
  hint?: string;
  className?: string;
  children: ReactNode;
}

/** A control under its name, over a line of help that has the id `hintId`. */
export function Labelled({ id, label, hint, className = '', children }: LabelledProps) {
  return (
    <div className={`flex flex-col gap-1 ${className}`}>
      <label htmlFor={id} className="text-13 font-medium">
        {label}
      </label>
      {children}
      {hint && (
        <p id={hintId(id)} className="text-12 text-muted">
          {hint}
        </p>
      )}
    </div>
  );
}

export const hintId = (id: string) => `${id}-hint`;

interface FieldProps extends ComponentProps<'input'> {
  label: string;
  hint?: string;
}

export function Field({ label, hint, className, ...rest }: FieldProps) {
  const id = useId();
  return (
    <Labelled id={id} label={label} hint={hint} className={className}>
      <input id={id} aria-describedby={hint && hintId(id)} className={`h-9 ${FIELD}`} {...rest} />
    </Labelled>
  );
}

interface SelectProps extends Omit<ComponentProps<'select'>, 'onChange'> {
  label: string;
  options: readonly (readonly [value: string, name: string])[];
  onChoose(value: string): void;
}

/** A plain select, its label for screen readers; looks like a button. */
export function Select({ label, options, onChoose, className = '', ...rest }: SelectProps) {
  return (
    <span className="relative inline-flex items-center">
      <select
        aria-label={label}
        className={`h-8 appearance-none rounded-control border border-hairline bg-surface pr-7 pl-3 text-13 font-medium hover:bg-sunken max-md:min-h-9 ${className}`}
        onChange={(event) => onChoose(event.target.value)}
        {...rest}
      >
        {options.map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
      <Icon name="chevron" size={12} className="pointer-events-none absolute right-2.5 text-muted" />
    </span>
  );
}

interface SegmentedProps<T extends string> {
  label: string;
  value: T | null;
  options: readonly (readonly [value: T, name: ReactNode])[];
  onChoose(value: T): void;
}

/** A few choices side by side, of which one holds. */
export function Segmented<T extends string>({ label, value, options, onChoose }: SegmentedProps<T>) {
  return (
    <fieldset className="inline-flex shrink-0 rounded-control border border-hairline bg-sunken p-0.5">
      <legend className="sr-only">{label}</legend>
      {options.map(([option, name]) => (
        <button
          key={option}
          type="button"
          aria-pressed={option === value}
          onClick={() => onChoose(option)}
          className="inline-flex h-[26px] items-center justify-center gap-1.5 rounded-md px-2.5 text-13 font-medium whitespace-nowrap text-muted transition-colors hover:text-text aria-pressed:bg-surface aria-pressed:text-text aria-pressed:shadow-[0_0_0_1px_var(--hairline)] max-md:min-h-8 max-md:min-w-8 max-md:px-2"
        >
          {name}
        </button>
      ))}
    </fieldset>
  );
}

export function Chip({ children, onRemove, label }: { children: ReactNode; onRemove?: () => void; label?: string }) {
  return (
    <span className="inline-flex h-7 items-center gap-1 rounded-full border border-hairline bg-surface pr-1 pl-2.5 text-12 font-medium">
      {children}
      {onRemove && (
        <button
          type="button"
          aria-label={label}
          onClick={onRemove}
          className="inline-flex size-5 items-center justify-center rounded-full text-muted hover:bg-sunken hover:text-text"
        >
          <Icon name="close" size={12} />
        </button>
      )}
    </span>
  );
}

export function CopyButton({ value, testId }: { value: string; testId?: string }) {
  const text = useText();
  const { isCopied, copy } = useCopy();
  return (
    <Button onClick={() => copy(value)} data-testid={testId}>
      <Icon name={isCopied ? 'check' : 'copy'} size={14} />
      <span aria-live="polite">{isCopied ? text.common.copied : text.common.copy}</span>
    </Button>
  );
}

interface MenuProps {
  label: string;
  trigger: ReactNode;
  children: (close: () => void) => ReactNode;
  align?: 'left' | 'right';
  testId?: string;
}

/** A button that opens a panel; Escape or a click elsewhere closes it and gives the focus back. */
export function Menu({ label, trigger, children, align = 'left', testId }: MenuProps) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    const onPointer = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      setOpen(false);
      button.current?.focus();
    };
    document.addEventListener('pointerdown', onPointer);
    document.addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('pointerdown', onPointer);
      document.removeEventListener('keydown', onKey);
    };
  }, [isOpen]);
  return (
    <div ref={root} className="relative">
      <button
        ref={button}
        type="button"
        title={label}
        aria-expanded={isOpen}
        data-testid={testId}
        onClick={() => setOpen(!isOpen)}
        className={`${BUTTON} ${TONES.plain} !px-2.5`}
      >
        {trigger}
      </button>
      {isOpen && (
        <div
          className={`absolute top-full z-30 mt-1.5 min-w-52 animate-enter rounded-card border border-hairline bg-surface p-1.5 shadow-[0_8px_24px_rgb(11_13_16/0.12)] ${align === 'right' ? 'right-0' : 'left-0'}`}
        >
          {children(() => setOpen(false))}
        </div>
      )}
    </div>
  );
}

export const MENU_ITEM =
  'flex w-full items-center gap-2 rounded-control px-2.5 py-1.5 text-left text-13 hover:bg-sunken aria-[current=true]:font-medium aria-[current=true]:text-accent max-md:py-2.5';

export function Switch({ label, isOn, onChange }: { label: string; isOn: boolean; onChange(isOn: boolean): void }) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={isOn}
      aria-label={label}
      onClick={() => onChange(!isOn)}
      className="inline-flex h-5 w-9 shrink-0 items-center rounded-full bg-edge p-0.5 transition-colors aria-checked:bg-accent"
    >
      <span className={`size-4 rounded-full bg-surface transition-transform ${isOn ? 'translate-x-4' : ''}`} />
    </button>
  );
}
