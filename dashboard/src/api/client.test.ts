import { beforeEach, expect, test, vi } from 'vitest';

const USER = { id: '1', email: 'a@b.c', name: 'A', is_installation_owner: true, created_at: '' };
const SIGNED_IN = { access_token: 'gsa_1', expires_in_s: 900, user: USER };

interface Reply {
  status: number;
  data?: unknown;
  meta?: Record<string, unknown>;
  headers?: Record<string, string>;
  /** In place of an envelope. */
  text?: string;
}
/** The last of several is answered from then on. */
type Answers = Record<string, Reply | Reply[]>;

interface Asked {
  request: string;
  init: RequestInit;
}

/** A server with these answers; tells what it was asked. */
function server(answers: Answers): { asked: string[]; calls: Asked[] } {
  const asked: string[] = [];
  const calls: Asked[] = [];
  vi.stubGlobal('fetch', async (path: string, init: RequestInit = {}) => {
    const request = `${init.method ?? 'GET'} ${path.replace('/api/v1', '')}`;
    asked.push(request);
    calls.push({ request, init });
    const replies = [answers[request] ?? { status: 404 }].flat();
    const { status, data, meta, headers, text } = replies[asked.filter((it) => it === request).length - 1] ??
      replies.at(-1) ?? { status: 404 };
    const error = { code: String(status), message: `no ${status}`, details: 'why' };
    const body = status === 204 ? null : (text ?? JSON.stringify({ data, meta, error }));
    return new Response(body, { status, headers });
  });
  return { asked, calls };
}

const setup = (has_refresh_cookie: boolean) => ({ status: 200, data: { needs_owner: false, has_refresh_cookie } });

const SIGNED_IN_AGAIN = { ...SIGNED_IN, access_token: 'gsa_2' };
const REFRESHES: Answers = {
  'GET /auth/setup': setup(true),
  'POST /auth/refresh': { status: 200, data: SIGNED_IN_AGAIN },
};
const authorizationOf = (call: Asked | undefined) => new Headers(call?.init.headers).get('authorization');

/** A page just loaded: the module's own state is fresh. */
const loaded = () => import('./client');

beforeEach(() => {
  vi.resetModules();
  vi.stubGlobal('navigator', {});
});

test('a first visit asks for no token and says that nobody is signed in', async () => {
  const { asked } = server({ 'GET /auth/setup': setup(false) });
  const { signedInUser } = await loaded();
  await expect(signedInUser()).rejects.toMatchObject({ status: 401 });
  expect(asked).toEqual(['GET /auth/setup']);
});

test('a browser with a refresh cookie exchanges it, once for all who wait', async () => {
  const { asked } = server({ 'GET /auth/setup': setup(true), 'POST /auth/refresh': { status: 200, data: SIGNED_IN } });
  const { accessToken, signedInUser } = await loaded();
  expect(await Promise.all([signedInUser(), accessToken()])).toEqual([USER, 'gsa_1']);
  expect(asked).toEqual(['GET /auth/setup', 'POST /auth/refresh']);
});

test('a cookie that the server refuses is as good as none', async () => {
  server({ 'GET /auth/setup': setup(true), 'POST /auth/refresh': { status: 401 } });
  const { accessToken, signedInUser } = await loaded();
  expect(await accessToken()).toBeNull();
  await expect(signedInUser()).rejects.toMatchObject({ status: 401 });
});

test('a token that another tab has ended is forgotten', async () => {
  const ended: Answers = { 'GET /projects': { status: 401 }, 'GET /auth/setup': setup(false) };
  server(ended);
  const { accessToken, callData, keepToken } = await loaded();
  keepToken(SIGNED_IN);
  await expect(callData('/projects')).rejects.toMatchObject({ status: 401 });
  expect(await accessToken()).toBeNull();
});

test.each([
  ['setup', { 'GET /auth/setup': { status: 500 } }],
  ['refresh', { 'GET /auth/setup': setup(true), 'POST /auth/refresh': { status: 500 } }],
] as const)('a server that fails at %s is an error, not a sign-out', async (_, answers) => {
  server(answers);
  const { keepToken, refresh, signedInUser } = await loaded();
  keepToken(SIGNED_IN);
  await expect(refresh()).rejects.toMatchObject({ status: 500 });
  expect(await signedInUser()).toEqual(USER);
});

test('nobody signed in sends no request', async () => {
  const { asked } = server({ 'GET /auth/setup': setup(false) });
  const { ApiError, callData, isUnauthorized } = await loaded();
  const error = await callData('/projects').catch((it: unknown) => it);
  expect([error, new ApiError(403, 'FORBIDDEN', ''), new Error()].map(isUnauthorized)).toEqual([true, false, false]);
  expect(asked).toEqual(['GET /auth/setup']);
});

test('a token is replaced shortly before its end, and each time anew', async () => {
  const { asked, calls } = server({ ...REFRESHES, 'GET /projects': { status: 200, data: [] } });
  const { callData, keepToken } = await loaded();
  keepToken({ ...SIGNED_IN, expires_in_s: 25 });
  await callData('/projects');
  expect(asked).toEqual(['GET /projects']);
  for (const before of [1, 2]) {
    keepToken({ ...SIGNED_IN, expires_in_s: 15 });
    await callData('/projects');
    expect(asked.filter((request) => request === 'POST /auth/refresh')).toHaveLength(before);
  }
  expect(authorizationOf(calls.at(-1))).toBe('Bearer gsa_2');
});

test('a token that is refused is replaced, and the request sent again', async () => {
  const { calls } = server({ ...REFRESHES, 'GET /projects': [{ status: 401 }, { status: 200, data: ['mine'] }] });
  const { callData, keepToken } = await loaded();
  keepToken(SIGNED_IN);
  expect(await callData('/projects')).toEqual(['mine']);
  const sent = calls.filter(({ request }) => request === 'GET /projects');
  expect(sent.map(authorizationOf)).toEqual(['Bearer gsa_1', 'Bearer gsa_2']);
});

test('tabs take turns where the browser offers locks', async () => {
  const names: string[] = [];
  const request = (name: string, turn: () => unknown) => {
    names.push(name);
    return turn();
  };
  vi.stubGlobal('navigator', { locks: { request } });
  server(REFRESHES);
  const { accessToken } = await loaded();
  expect(await accessToken()).toBe('gsa_2');
  expect(names).toEqual(['gosight.refresh']);
});

test('signing in needs no token, and a wrong password is not tried again', async () => {
  const { asked, calls } = server({ ...REFRESHES, 'POST /auth/login': { status: 401 } });
  const { callData } = await loaded();
  const body = { email: 'a@b.c', password: 'wrong' };
  await expect(callData('/auth/login', { method: 'POST', body, anonymous: true })).rejects.toMatchObject({
    status: 401,
  });
  expect(asked).toEqual(['POST /auth/login']);
  expect(calls[0]?.init.body).toBe(JSON.stringify(body));
  expect(new Headers(calls[0]?.init.headers).get('content-type')).toBe('application/json');
  expect(authorizationOf(calls[0])).toBeNull();
});

test('a request has the parameters that say something, and can be given up', async () => {
  const { asked, calls } = server({});
  const { callData, keepToken } = await loaded();
  keepToken(SIGNED_IN);
  const params = { path: '/a b', page: 0, all: false, device: null, version: undefined, text: '' };
  const { signal } = new AbortController();
  await expect(callData('/heatmaps', { params, signal })).rejects.toMatchObject({ status: 404 });
  await expect(callData('/heatmaps', { params: { text: '' } })).rejects.toMatchObject({ status: 404 });
  expect(asked).toEqual(['GET /heatmaps?path=%2Fa+b&page=0&all=false', 'GET /heatmaps']);
  expect(calls[0]?.init.signal).toBe(signal);
});

test('an answer has what its meta says, and one without a body nothing', async () => {
  const meta = { complete_to: '2026-01-01T00:00:00Z', next_cursor: 'n', truncated: true };
  server({ 'GET /projects': { status: 200, data: [], meta }, 'DELETE /projects/mine': { status: 204 } });
  const { call, keepToken } = await loaded();
  keepToken(SIGNED_IN);
  expect(await call('/projects')).toEqual({ data: [], ...meta });
  expect(await call('/projects/mine', { method: 'DELETE' })).toEqual({ data: undefined, complete_to: '' });
});

test('the server’s clock is read from its answers', async () => {
  const date = 'Thu, 01 Jan 2026 12:00:00 GMT';
  server({ 'GET /projects': { status: 200, data: [], headers: { date } } });
  const { callData, keepToken, serverNowMs } = await loaded();
  keepToken(SIGNED_IN);
  await callData('/projects');
  // A moment has gone by since; the browser's own clock is years away.
  expect(Math.abs(serverNowMs() - Date.parse(date))).toBeLessThan(60_000);
});

test('a refusal says why, and for how long the server wants not to be asked', async () => {
  server({
    'GET /projects': { status: 429, headers: { 'retry-after': '3' } },
    'GET /gateway': { status: 502, text: '<html>' },
  });
  const { callData, keepToken } = await loaded();
  keepToken(SIGNED_IN);
  await expect(callData('/projects')).rejects.toMatchObject({
    status: 429,
    code: '429',
    message: 'no 429',
    details: 'why',
    retryAfterMs: 3_000,
  });
  await expect(callData('/gateway')).rejects.toMatchObject({ status: 502, code: 'INTERNAL_ERROR', retryAfterMs: 0 });
});
