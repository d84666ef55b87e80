import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ApiError } from '@/api/client';
import { en } from './en';
import { errorText } from './error-text';
import { vi } from './vi';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const source = (folder: string) =>
  readdirSync(`${root}/${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.rs') && !name.endsWith('tests.rs'))
    .map((name) => readFileSync(`${root}/${folder}/${name}`, 'utf8').split('#[cfg(test)]')[0]);

const found = (sources: (string | undefined)[], pattern: RegExp) =>
  sources.flatMap((text) => [...(text ?? '').matchAll(pattern)].map((match) => JSON.parse(`"${match[1]}"`) as string));

const WORDS = String.raw`"((?:[^"\\]|\\.)+)"`;
const isKnown = (words: string) => {
  const [start = '', end = ''] = words.split(/\{\w+\}/);
  return Object.keys(vi.error.said).some((key) => (end ? key.startsWith(start) && key.endsWith(end) : key === words));
};

describe('every word of the API that a person may meet is told in Vietnamese:', () => {
  it('why it refuses', () => {
    const sources = [...source('api/src'), ...source('store/src/meta')];
    const refusals = found(sources, new RegExp(String.raw`\b(?:Unauthorized|Forbidden|Conflict)\(\s*${WORDS}`, 'g'));
    const taken = found(sources, new RegExp(String.raw`\bunique\(\w+, ${WORDS}`, 'g'));
    expect([refusals.length, taken.length].map((count) => count >= 5)).toEqual([true, true]);
    expect([...refusals, ...taken].filter((words) => !isKnown(words))).toEqual([]);
  });

  it('what is wrong with a field of a form', () => {
    const forms = ['alerts', 'auth', 'checks', 'keys'].map((name) =>
      readFileSync(`${root}/api/src/routes/${name}.rs`, 'utf8'),
    );
    const reasons = found(
      forms,
      new RegExp(String.raw`\binvalid\(\s*(?:"\w+"|\w+|"settings\.timezone"),\s*(?:format!\()?${WORDS}`, 'g'),
    );
    const refused = found(forms, new RegExp(String.raw`\brefuse\(${WORDS}`, 'g'));
    const settings = readFileSync(`${root}/store/src/meta/settings.rs`, 'utf8').split('#[cfg(test)]');
    const required = found(settings.slice(0, 1), /"((?:must be|has more|entries must|names an)[^"]*)"/g);
    expect([reasons, refused, required].map(({ length }) => length > 1)).toEqual([true, true, true]);
    expect([...reasons, ...refused, ...required].filter((words) => !isKnown(words))).toEqual([]);
  });

  it('and each of its codes', () => {
    const [codes = ''] = readFileSync(`${root}/api/src/error.rs`, 'utf8').match(/fn parts[\s\S]+?\n {4}\}/) ?? [];
    const names = found([codes], /"([A-Z_]+)"/g);
    expect(names).toHaveLength(7);
    expect(names.filter((name) => !vi.error.codes[name])).toEqual([]);
  });
});

describe('an error', () => {
  const both = (error: unknown) => [errorText(error, en), errorText(error, vi)];

  it('is told in the API’s own words, and in ours', () => {
    expect(both(new ApiError(401, 'UNAUTHORIZED', 'wrong e-mail address or password'))).toEqual([
      'Wrong e-mail address or password',
      'Sai địa chỉ e-mail hoặc mật khẩu.',
    ]);
  });

  it('of a field begins with its name', () => {
    const details = { field: 'password', reason: 'must have at least 8 characters' };
    const error = new ApiError(400, 'VALIDATION_ERROR', 'password: must have at least 8 characters', details);
    expect(both(error)).toEqual(['Password: must have at least 8 characters', 'Mật khẩu: phải có ít nhất 8 ký tự']);
  });

  it('whose words are not known is told by its code, with the time to wait', () => {
    expect(both(new ApiError(429, 'RATE_LIMITED', 'too many requests; try again in 3 s', undefined, 3_000))).toEqual([
      'Too many requests; try again in 3 s',
      'Quá nhiều yêu cầu: hãy thử lại sau 3 giây.',
    ]);
    expect(both(new ApiError(400, 'VALIDATION_ERROR', 'no such thing'))).toEqual([
      'No such thing',
      'Có giá trị không được chấp nhận: no such thing',
    ]);
  });

  it('of a code that nobody knows has the words it came with', () => {
    expect(both(new ApiError(418, 'TEAPOT', 'short and stout'))).toEqual(['Short and stout', 'Short and stout']);
  });

  it('without a word is one of the server, and without an answer one of the way to it', () => {
    expect(both(new ApiError(502, 'INTERNAL_ERROR', ''))).toEqual([
      'Something went wrong on the server. Its log says what.',
      'Máy chủ gặp lỗi. Nhật ký của nó nói rõ lỗi gì.',
    ]);
    expect(both(new TypeError('failed'))).toEqual([en.error.network, vi.error.network]);
  });
});
