/**
 * The one door to the API. The access token lives in memory only; the refresh token is an HttpOnly cookie that the
 * browser keeps. A 401 is answered by one refresh, shared by every request that waits for it.
 */

import type { Iso, Setup, Token as TokenView, User } from './types';

export const API = '/api/v1';

/** An answer with what its `meta` says; caches hold answers, so that ticks know what is already in them. */
export interface Answer<T> {
  data: T;
  /** Everything accepted before this moment is in `data`. */
  complete_to: Iso;
  /** The newest tick that has changed `data` since; a tick counts once. */
  tick?: number;
  next_cursor?: string;
  /** There is more than the answer holds. */
  truncated?: boolean;
}

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details?: unknown,
    /** For how long the server wants not to be asked. */
    readonly retryAfterMs = 0,
  ) {
    super(message);
  }
}

/** Nobody is signed in, or not any more. */
export function isUnauthorized(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

const RETRIES_MAX = 2;

/** What the server has decided does not change by asking again; what did not arrive may. */
export function isWorthRetrying(failures: number, error: Error): boolean {
  const isDecided = error instanceof ApiError && error.status < 500;
  return !isDecided && failures < RETRIES_MAX;
}

/** What is told of live can be read some seconds later. */
const AGAIN_MS = 1_000;
const AGAIN_MAX = 10;

/** For a query of something that may not be there yet: as long as it is to come, that it is not found is no answer. */
export function untilThere(isToCome: () => boolean) {
  return {
    retry(failures: number, error: Error): boolean {
      const isMissing = error instanceof ApiError && error.status === 404;
      return isMissing && isToCome() ? failures < AGAIN_MAX : isWorthRetrying(failures, error);
    },
    retryDelay: AGAIN_MS,
  };
}

interface Token {
  user: User;
  text: string;
  expiresAtMs: number;
}

/** A token this close to its end is replaced before it is used. */
const REFRESH_AHEAD_MS = 20_000;
/** Every request waits for a refresh: one that got lost on its way must not keep them all. */
const REFRESH_WITHIN_MS = 10_000;

let token: Token | null = null;
let refreshing: Promise<boolean> | null = null;

export function keepToken(answer: TokenView): void {
  token = { user: answer.user, text: answer.access_token, expiresAtMs: Date.now() + answer.expires_in_s * 1000 };
}

export function forgetToken(): void {
  token = null;
}

/** Scripts cannot see the refresh cookie; the server tells whether there is one. Browsers log every 401, so nobody asks in vain. */
async function hasRefreshCookie(): Promise<boolean> {
  const response = await fetch(`${API}/auth/setup`, {
    credentials: 'same-origin',
    signal: AbortSignal.timeout(REFRESH_WITHIN_MS),
  });
  if (!response.ok) throw await errorOf(response);
  const body = (await response.json()) as { data: Setup };
  return body.data.has_refresh_cookie;
}

async function requestRefresh(): Promise<boolean> {
  if (!(await hasRefreshCookie())) {
    forgetToken();
    return false;
  }
  const response = await fetch(`${API}/auth/refresh`, {
    method: 'POST',
    credentials: 'same-origin',
    signal: AbortSignal.timeout(REFRESH_WITHIN_MS),
  });
  if (!response.ok) {
    if (response.status !== 401) throw await errorOf(response);
    forgetToken();
    return false;
  }
  const body = (await response.json()) as { data: TokenView };
  keepToken(body.data);
  return true;
}

/** Rotating tokens must not be used twice: tabs take turns where the browser offers locks. */
async function refreshInTurn(): Promise<boolean> {
  if (!navigator.locks) return requestRefresh();
  return navigator.locks.request('gosight.refresh', requestRefresh);
}

/** Asks for a new access token; false when nobody is signed in. */
export function refresh(): Promise<boolean> {
  refreshing ??= refreshInTurn().finally(() => {
    refreshing = null;
  });
  return refreshing;
}

/** A token that is good now, or null when nobody is signed in. */
export async function accessToken(): Promise<string | null> {
  if (!token || token.expiresAtMs - Date.now() < REFRESH_AHEAD_MS) await refresh();
  return token?.text ?? null;
}

/** Who is signed in; the same refresh that gives a token says so. */
export async function signedInUser(): Promise<User> {
  await accessToken();
  if (!token) throw signInFirst();
  return token.user;
}

function signInFirst(): ApiError {
  return new ApiError(401, 'UNAUTHORIZED', 'Please sign in.');
}

async function errorOf(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  const error = (body as { error?: { code?: string; message?: string; details?: unknown } } | null)?.error;
  return new ApiError(
    response.status,
    error?.code ?? 'INTERNAL_ERROR',
    error?.message ?? response.statusText,
    error?.details,
    1000 * (Number(response.headers.get('retry-after')) || 0),
  );
}

export type Params = Record<string, string | number | boolean | null | undefined>;

function queryString(params: Params): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text ? `?${text}` : '';
}

export interface Request {
  method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  params?: Params;
  body?: unknown;
  signal?: AbortSignal;
  /** Sign-in itself needs no token. */
  anonymous?: boolean;
}

let clockOffsetMs = 0;

/** The server's clock, as its answers tell it, to a second. */
export function serverNowMs(): number {
  return Date.now() + clockOffsetMs;
}

function readClock(response: Response): void {
  const date = Date.parse(response.headers.get('date') ?? '');
  if (!Number.isNaN(date)) clockOffsetMs = date - Date.now();
}

async function send(path: string, request: Request): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (!request.anonymous) {
    const text = await accessToken();
    if (!text) throw signInFirst();
    headers.Authorization = `Bearer ${text}`;
  }
  if (request.body !== undefined) headers['Content-Type'] = 'application/json';
  return fetch(`${API}${path}${queryString(request.params ?? {})}`, {
    method: request.method ?? 'GET',
    headers,
    credentials: 'same-origin',
    body: request.body === undefined ? undefined : JSON.stringify(request.body),
    signal: request.signal,
  });
}

/** The answer itself, for what is not an envelope of JSON; throws an {@link ApiError} unless it is a success. */
export async function callRaw(path: string, request: Request = {}): Promise<Response> {
  let response = await send(path, request);
  if (response.status === 401 && !request.anonymous && (await refresh())) response = await send(path, request);
  readClock(response);
  if (!response.ok) throw await errorOf(response);
  return response;
}

/** Sends a request; throws an {@link ApiError} unless the answer is a success. */
export async function call<T>(path: string, request: Request = {}): Promise<Answer<T>> {
  const response = await callRaw(path, request);
  if (response.status === 204) return { data: undefined as T, complete_to: '' };
  const { data, meta } = (await response.json()) as { data: T; meta?: Partial<Omit<Answer<T>, 'data' | 'tick'>> };
  return {
    data,
    complete_to: meta?.complete_to ?? '',
    next_cursor: meta?.next_cursor,
    truncated: meta?.truncated,
  };
}

export async function callData<T>(path: string, request: Request = {}): Promise<T> {
  return (await call<T>(path, request)).data;
}
