/** Errors in the language of who reads them. Pure. */

import { ApiError } from '@/api/client';
import type { Dictionary } from './en';

const sentence = (words: string) => words.charAt(0).toUpperCase() + words.slice(1);

/** Which field was refused and why, where the API tells them apart. */
function refusalOf(details: unknown): { field: string; reason: string } | null {
  const { field, reason } = (details ?? {}) as Record<string, unknown>;
  return typeof field === 'string' && typeof reason === 'string' ? { field, reason } : null;
}

/** The most exact words there are in the language; the API's own where it has none. */
export function errorText(error: unknown, { error: text }: Dictionary): string {
  if (!(error instanceof ApiError)) return text.network;
  const { code, message, details, retryAfterMs } = error;
  const refusal = refusalOf(details);
  const reason = refusal && text.said[refusal.reason];
  if (reason) return `${text.fields[refusal.field] ?? refusal.field}: ${reason}`;
  return text.said[message] ?? text.codes[code]?.(message, Math.ceil(retryAfterMs / 1000)) ?? sentence(message);
}
