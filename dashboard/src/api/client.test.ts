import { beforeEach, expect, test, vi } from 'vitest';

const USER = { id: '1', email: 'a@b.c', name: 'A', is_installation_owner: true, created_at: '' };
const SIGNED_IN = { access_token: 'gsa_1', expires_in_s: 900, user: USER };

type Answers = Record<
  string,
  { status: number; data?: unknown; meta?: Record<string, unknown>; headers?: Record<string, string> }
>;

/** A server with these answers; tells what it was asked. */
function server(answers: Answers): string[] {
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (path: string, init?: RequestInit) => {
    const request = `${init?.method ?? 'GET'} ${path.replace('/api/v1', '')}`;
    asked.push(request);
    const { status, data, meta, headers } = answers[request] ?? { status: 404 };
    return new Response(JSON.stringify({ data, meta, error: { code: String(status), message: '' } }), {
      status,
      headers,
    });
  });
  return asked;
}

const setup = (has_refresh_cookie: boolean) => ({ status: 200, data: { needs_owner: false, has_refresh_cookie } });

/** A page just loaded: the module's own state is fresh. */
const loaded = () => import('./client');

beforeEach(() => {
  vi.resetModules();
  vi.stubGlobal('navigator', {});
});

test('a first visit asks for no token and says that nobody is signed in', async () => {
  const asked = server({ 'GET /auth/setup': setup(false) });
  const { signedInUser } = await loaded();
  await expect(signedInUser()).rejects.toMatchObject({ status: 401 });
  expect(asked).toEqual(['GET /auth/setup']);
});

test('a browser with a refresh cookie exchanges it, once for all who wait', async () => {
  const asked = server({ 'GET /auth/setup': setup(true), 'POST /auth/refresh': { status: 200, data: SIGNED_IN } });
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

test('a server that fails is an error, not a sign-out', async () => {
  server({ 'GET /auth/setup': { status: 500 } });
  const { keepToken, refresh, signedInUser } = await loaded();
  keepToken(SIGNED_IN);
  await expect(refresh()).rejects.toMatchObject({ status: 500 });
  expect(await signedInUser()).toEqual(USER);
});

test('an answer says when there is more than it holds', async () => {
  server({ 'GET /projects': { status: 200, data: [], meta: { truncated: true } } });
  const { call, keepToken } = await loaded();
  keepToken(SIGNED_IN);
  expect(await call('/projects')).toMatchObject({ data: [], truncated: true });
});

test('a refusal says for how long the server wants not to be asked', async () => {
  server({ 'GET /projects': { status: 429, headers: { 'retry-after': '3' } } });
  const { callData, keepToken } = await loaded();
  keepToken(SIGNED_IN);
  await expect(callData('/projects')).rejects.toMatchObject({ status: 429, retryAfterMs: 3_000 });
});
