import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TABLE } from '../src/more/schema.js';
import { encode } from '../src/protobuf.js';
import { kinds, register } from '../src/schema.js';
import { message } from './wire.js';

register(TABLE);

/** Encodes with our writer, decodes with protobufjs. */
function through(type: string, value: object): Record<string, unknown> {
  const decoded = message(type).decode(Uint8Array.from(encode(value)));
  return message(type).toObject(decoded, { longs: Number, defaults: true });
}

describe('the table of event types', () => {
  it('has every type of the contract, each with its field number', () => {
    const payloads = message('Event').oneofs.payload?.fieldsArray.map((field) => [field.name, field.id]) ?? [];
    const ours = Object.entries(kinds).map(([type, { fieldNumber }]) => [type, fieldNumber]);
    expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(payloads));
  });

  it('names the payload fields of every type in the order of their numbers', () => {
    const source = readFileSync(new URL('../src/events.ts', import.meta.url), 'utf8');
    const bodies = new Map([...source.matchAll(/^(?:export )?interface (\w+)[^{]*\{([\s\S]*?)^\}/gm)].map(([, name = '', body = '']) => [name, body]));
    const keys = (body: string) => [...body.matchAll(/(?:^|[{;])\s*(\w+)\??:/gm)].map(([, key]) => key);
    const payloads = bodies.get('Payloads') ?? '';
    for (const type of Object.keys(kinds)) {
      const inline = new RegExp(`^  ${type}: (?:(\\w+)|\\{([\\s\\S]*?)\\});$`, 'm').exec(payloads);
      expect(inline, type).not.toBeNull();
      const body = (inline?.[2] ?? bodies.get(inline?.[1] ?? '') ?? '').replace(/\{[^{}]*\}\[\]/g, '');
      const fields = message(message('Event').fields[type]?.type as string).fieldsArray;
      expect(
        fields.map((field) => field.id),
        type,
      ).toEqual(fields.map((_, index) => index + 1));
      expect(keys(body), type).toEqual(fields.map((field) => field.name));
    }
  });
});

describe('the built files', () => {
  it.each(['sdk.js', 'sdk.esm.js'])('keep the declared name of every field a hook can see: %s', (core) => {
    const code = [core, 'sdk.more.js', 'recorder.js'].map((name) => readFileSync(new URL(`../dist/${name}`, import.meta.url), 'utf8')).join();
    const types = Object.keys(kinds).map((type) => message('Event').fields[type]?.type as string);
    const names = new Set([...types, 'Target', 'Rect', 'Page'].flatMap((type) => message(type).fieldsArray.map(({ name }) => name)));
    const missing = [...names].filter((name) => !RegExp(`\\b${name.replace('utm_', '(utm_)?')}\\b`).test(code));
    expect(missing).toEqual([]);
  });
});

describe('the writer', () => {
  it('writes the bytes protobufjs writes', () => {
    const page = { url: 'https://é.example/?a=1', path: '/', title: '日本 🏺', referrer: '', query: { a: '1', b: 'ü' }, view_id: 'v' };
    expect(Uint8Array.from(encode(page))).toEqual(Uint8Array.from(message('Page').encode(page).finish()));
    const rect = { top: -5, left: 0, width: 2147483647, height: 300 };
    expect(Uint8Array.from(encode(rect))).toEqual(Uint8Array.from(message('Rect').encode(rect).finish()));
  });

  it('keeps integers up to the largest safe one, negative ones and doubles', () => {
    expect(through('PageExit', { time_on_page_ms: Number.MAX_SAFE_INTEGER, max_scroll_percent: -1, next_url: '' })).toMatchObject({
      time_on_page_ms: Number.MAX_SAFE_INTEGER,
      max_scroll_percent: -1,
    });
    expect(through('WebVitals', { lcp_ms: 1234.6, inp_ms: 0, cls: 0.125, fcp_ms: 0, ttfb_ms: 0, fid_ms: 0 })).toMatchObject({ lcp_ms: 1235, cls: 0.125 });
  });

  it('ends at values that are no numbers', () => {
    const load = { ttfb_ms: Number.NaN, dom_content_loaded_ms: Number.POSITIVE_INFINITY, load_ms: Number.NEGATIVE_INFINITY, transfer_bytes: 7 };
    expect(through('PageLoad', load)).toMatchObject({ ttfb_ms: 0, dom_content_loaded_ms: 0, transfer_bytes: 7 });
  });

  it('tells false, zero, nothing and the empty string of a property', () => {
    const { properties } = through('CustomEvent', { name: 'x', category: '', properties: { no: false, zero: 0, nothing: null, empty: '' } });
    expect(properties).toMatchObject({ no: { boolValue: false }, zero: { numberValue: 0 }, nothing: { nullValue: 0 }, empty: { stringValue: '' } });
  });

  it('cuts strings at 1 KiB and stacks at 8 KiB', () => {
    const error = { message: 'm'.repeat(5000), stack: 's'.repeat(50_000), filename: '', line: 0, column: 0, error_type: '' };
    const decoded = through('JsError', error) as { message: string; stack: string };
    expect([decoded.message.length, decoded.stack.length]).toEqual([1024, 8192]);
  });
});
