'use client';

import type { ReactNode } from 'react';
import type { Channel, Metric, Operator, RuleBody, Window } from '@/api/types';
import { MENU_ITEM, Menu } from '@/design/controls';
import { Icon } from '@/design/icon';
import type { Dictionary } from '@/text/en';
import { useText } from '@/text/text';

const METRICS: readonly Metric[] = [
  'rage_clicks',
  'dead_clicks',
  'error_clicks',
  'errors',
  'error_rate',
  'sessions',
  'pageviews',
  'bounce_rate',
  'avg_lcp',
  'avg_ttfb',
];
const OPERATORS: readonly Operator[] = ['>', '>=', '<', '<=', '=='];
const SIGNS: Record<Operator, string> = { '>': '>', '>=': '≥', '<': '<', '<=': '≤', '==': '=' };
const WINDOWS: readonly Window[] = ['1m', '5m', '15m', '1h'];

const WORD =
  'h-8 rounded-md border-0 border-b border-dashed border-edge bg-transparent px-1 text-14 font-semibold hover:bg-sunken';

interface PickProps {
  label: string;
  value: string;
  options: readonly (readonly [value: string, name: string])[];
  onChoose(value: string): void;
}

/** A word of the sentence that can be another one. */
function Pick({ label, value, options, onChoose }: PickProps) {
  const known = options.some(([option]) => option === value);
  return (
    <select
      aria-label={label}
      value={value}
      onChange={(event) => onChoose(event.target.value)}
      className={`${WORD} field-sizing-content appearance-none`}
    >
      {!known && <option value={value}>{value}</option>}
      {options.map(([option, name]) => (
        <option key={option} value={option}>
          {name}
        </option>
      ))}
    </select>
  );
}

function channelName(channel: Channel, text: Dictionary): string {
  if (channel.type === 'telegram') return text.alerts.telegram;
  try {
    return `${text.alerts.webhook} · ${new URL(channel.url ?? '').host}`;
  } catch {
    return text.alerts.webhook;
  }
}

function Channels({ rule, onChange }: SentenceProps) {
  const text = useText();
  const { channels } = rule;
  const hasTelegram = channels.some((channel) => channel.type === 'telegram');
  const remove = (gone: Channel) => onChange({ ...rule, channels: channels.filter((channel) => channel !== gone) });
  const words = channels.map((channel) => channelName(channel, text)).join(', ') || text.alerts.nobody;
  return (
    <Menu label={text.alerts.channels} trigger={words}>
      {(close) => (
        <div className="w-64">
          {channels.map((channel, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: channels have no other name than their place
            <div key={index} className="flex items-center justify-between gap-2 px-2.5 py-1 text-13">
              <span className="min-w-0 flex-1 truncate">{channelName(channel, text)}</span>
              {channel.secret && (
                <button
                  type="button"
                  data-testid="copy-webhook-secret"
                  aria-label={text.alerts.webhookSecret}
                  title={text.alerts.webhookSecret}
                  onClick={() => void navigator.clipboard.writeText(channel.secret ?? '').then(close)}
                  className="flex size-7 items-center justify-center rounded-md text-muted hover:bg-sunken"
                >
                  <Icon name="copy" size={12} />
                </button>
              )}
              <button
                type="button"
                aria-label={text.alerts.removeChannel(channelName(channel, text))}
                onClick={() => remove(channel)}
                className="flex size-7 items-center justify-center rounded-md text-muted hover:bg-sunken"
              >
                <Icon name="close" size={12} />
              </button>
            </div>
          ))}
          {!hasTelegram && (
            <button
              type="button"
              className={MENU_ITEM}
              onClick={() => onChange({ ...rule, channels: [...channels, { type: 'telegram' }] })}
            >
              <Icon name="send" size={14} />
              {text.alerts.addTelegram}
            </button>
          )}
          <form
            className="flex items-center gap-1 p-1"
            onSubmit={(event) => {
              event.preventDefault();
              const url = String(new FormData(event.currentTarget).get('url') ?? '');
              onChange({ ...rule, channels: [...channels, { type: 'webhook', url }] });
              close();
            }}
          >
            <input
              name="url"
              type="url"
              required
              aria-label={text.alerts.webhookUrl}
              placeholder="https://…"
              title={text.alerts.webhookHint}
              className="h-8 min-w-0 flex-1 rounded-md border border-edge/70 bg-surface px-2 text-13"
            />
            <button type="submit" aria-label={text.alerts.addWebhook} className={`${MENU_ITEM} !w-auto`}>
              <Icon name="plus" size={14} />
            </button>
          </form>
        </div>
      )}
    </Menu>
  );
}

interface SentenceProps {
  rule: RuleBody;
  onChange(rule: RuleBody): void;
}

function Said({ children }: { children: ReactNode }) {
  return <span className="text-muted">{children}</span>;
}

/** A rule as a sentence whose words can be changed in place. */
export function RuleSentence({ rule, onChange }: SentenceProps) {
  const text = useText();
  const path = rule.filters.find((filter) => filter.dimension === 'path')?.value ?? '';
  const setPath = (value: string) => {
    const others = rule.filters.filter((filter) => filter.dimension !== 'path');
    onChange({ ...rule, filters: value ? [...others, { dimension: 'path', value }] : others });
  };
  return (
    <div data-testid="rule-sentence" className="flex flex-wrap items-center gap-x-1.5 gap-y-1 text-14">
      <Said>{text.alerts.when}</Said>
      <Pick
        label={text.alerts.metricLabel}
        value={rule.metric}
        options={METRICS.map((metric) => [metric, text.alerts.metric[metric] ?? metric] as const)}
        onChoose={(metric) => onChange({ ...rule, metric })}
      />
      <Said>{text.alerts.on}</Said>
      <input
        aria-label={text.alerts.pageLabel}
        value={path}
        placeholder={text.alerts.anyPage}
        onChange={(event) => setPath(event.target.value.trim())}
        className={`${WORD} field-sizing-content max-w-60 placeholder:font-semibold placeholder:text-text`}
      />
      {rule.filters
        .filter((filter) => filter.dimension !== 'path')
        .map((filter) => (
          <Said key={filter.dimension}>
            {text.filters[filter.dimension]} {filter.value}
          </Said>
        ))}
      <Said>{text.alerts.are}</Said>
      <Pick
        label={text.alerts.operatorLabel}
        value={rule.operator}
        options={OPERATORS.map((operator) => [operator, SIGNS[operator]] as const)}
        onChoose={(operator) => onChange({ ...rule, operator: operator as Operator })}
      />
      <input
        type="number"
        step="any"
        aria-label={text.alerts.thresholdLabel}
        value={rule.threshold}
        onChange={(event) => onChange({ ...rule, threshold: event.target.valueAsNumber || 0 })}
        className={`${WORD} field-sizing-content min-w-8 [appearance:textfield] [&::-webkit-inner-spin-button]:appearance-none`}
      />
      <Said>{text.alerts.in}</Said>
      <Pick
        label={text.alerts.windowLabel}
        value={rule.window}
        options={WINDOWS.map((window) => [window, text.alerts.window[window] ?? window] as const)}
        onChoose={(window) => onChange({ ...rule, window: window as Window })}
      />
      <Said>{text.alerts.tell}</Said>
      <Channels rule={rule} onChange={onChange} />
    </div>
  );
}
