/** Every type of the contract is told with all its fields by somebody who does everything, in the built files, and none that is off; what other tests look at closely is not looked at again. */
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import { TABLE } from '../src/more/schema.js';
import { kinds, register } from '../src/schema.js';
import { KEY } from './capture.js';
import { html, it } from './chromium.js';
import { silence } from './silence.js';
import { message } from './wire.js';

register(TABLE);

const BODY = `<button id="b">press</button><button id="fail" onclick="missing()">fail</button><p id="words">five words to be read</p>
  <a id="away" class="way out" href="/away" data-gosight-ignore-rage data-kind="link">away</a><iframe id="frame" src="/frame"></iframe>
  <audio id="song" src="/song.wav"></audio><audio id="none" src="/none.wav"></audio>
  <form id="form" onsubmit="event.preventDefault()"><input id="field" required><button id="send" onclick="spin()">send</button></form><div style="height:4000px"></div>
  <script>function spin() { const end = performance.now() + 120; while (performance.now() < end); }</script>`;
/** RFC 6455, section 1.3. */
const HANDSHAKE = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** A frame that closes: 1000, and why. */
const BYE = Buffer.from([0x88, 5, 0x03, 0xe8, ...Buffer.from('bye')]);

/** Takes web sockets, and never says anything. */
async function openSockets(): Promise<Server> {
  const server = createServer();
  server.on('upgrade', ({ headers }, socket) => {
    const accept = createHash('sha1')
      .update(headers['sec-websocket-key'] + HANDSHAKE)
      .digest('base64');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    socket.on('data', () => socket.end(BYE));
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return server;
}

/** What nobody can tell here, and why. */
const UNTOLD = [
  // A second tap in no time needs a finger (chromium-clicks.test.ts), and is a click's alone.
  'click.double_tap',
  'dblclick.double_tap',
  'context_menu.double_tap',
  // No browser tells a page what became of an image.
  'resource_error.status',
  // It never played.
  'media_error.current_s',
  'media_error.duration_s',
  'media_error.watched_s',
];

type Fields = Record<string, unknown>;

const isTold = (value: unknown) => !!value && (typeof value !== 'object' || Object.keys(value).length > 0);

/** Fields of a message that hold nothing in any of them. */
const emptyIn = (name: string, type: string, all: Fields[]) =>
  message(type)
    .fieldsArray.filter((field) => !all.some((one) => isTold(one[field.name])))
    .map((field) => `${name}.${field.name}`);

const categoryOf = (type: string) => kinds[type]?.eventCategory as string;

it.for([
  ['every type is told, with all it is about', { network: true, media: true, clipboard: true, selection: true }, [], []],
  [
    'no type of a category that is off is told, by default or by the word of the page',
    { media: true, clipboard: true, session: false, mouse: false, input: false, performance: false, dom: false, replay: false },
    [],
    ['network', 'selection', 'session', 'mouse', 'input', 'performance', 'dom', 'replay'],
  ],
  [
    'no type of a category that is off is told, by default or by the word of the project',
    { network: true, selection: true, page: true },
    ['page', 'scroll', 'form', 'error', 'resize', 'custom'],
    ['media', 'clipboard', 'page', 'scroll', 'form', 'error', 'resize', 'custom'],
  ],
] as const)('%s', async ([, events, disabled_categories, off], { page, context, server }) => {
  const isOff = (type: string) => off.some((category) => category === categoryOf(type));
  const told = async (type: string, payload: object) => isOff(type) || expect((await server.event(type)).payload, type).toMatchObject(payload);
  const come = async (type: string) => isOff(type) || (await server.event(type));
  const sockets = await openSockets();
  const address = `ws://127.0.0.1:${(sockets.address() as AddressInfo).port}/live`;
  const init = `GoSight.init({ projectKey: '${KEY}', events: ${JSON.stringify(events)} }); GoSight.setCustomAttributes({ release: '7' });
    GoSight.identify('ada', { plan: 'pro' }); GoSight.group('acme', { seats: 5 })`;
  server.settings = { version: '1', disabled_categories };
  server.pages['/'] = html(BODY, `<script src="/sdk.js"></script><script>${init}</script>`);
  server.pages['/away'] = server.pages['/frame'] = '<!doctype html>';
  const song = silence(1000);
  server.files['/song.wav'] = { body: song, headers: { 'content-type': 'audio/wav', 'accept-ranges': 'bytes', 'content-length': String(song.length) } };
  server.files['/data'] = { body: Buffer.from('0123456789'), headers: { 'content-length': '10' } };
  // What is measured every half minute comes sooner.
  await page.addInitScript(`{ const every = setInterval; setInterval = (run, ms) => every(run, ms / 100); }`);
  const utm = ['source', 'medium', 'campaign', 'term', 'content'].map((name) => `utm_${name}=${name}`);
  await page.goto(`${server.url}/?${utm.join('&')}#top`, { referer: 'https://search.example/found' });
  await page.waitForFunction(() => performance.getEntriesByName(`${location.origin}/sdk.more.js`).length);
  await come('page_load');
  await told('session_start', { utm_source: 'source', utm_content: 'content', referrer_domain: 'search.example' });
  await told('page_view', { path: '/', hash: '#top' });
  await told('identify', { user_id: 'ada' });

  // Before anybody has pressed anything, as a shift that a visitor asked for counts as none.
  await page.evaluate(`new Promise((done) => {
    document.body.prepend(Object.assign(document.createElement('p'), { textContent: 'shifts' }));
    requestAnimationFrame(() => requestAnimationFrame(done));
  })`);
  await page.click('#b', { button: 'right' });
  await told('context_menu', { button: 'right', target: { id: 'b' } });
  await page.dblclick('#words', { position: { x: 20, y: 8 } });
  const length = String(await page.evaluate('getSelection() + ""')).length;
  await told('text_select', { target: { id: 'words' }, length });
  await page.keyboard.press('Control+C');
  await told('copy', { target: { id: 'words' }, length });
  await page.focus('#field');
  await told('input_focus', { target: { id: 'field' } });
  await page.keyboard.press('Control+V');
  await told('paste', { target: { id: 'field' }, length });
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Control+X');
  await told('cut', { target: { id: 'field' } });

  const play = () => page.evaluate('song.play()');
  await play();
  await told('media_play', { kind: 'audio', src: `${server.url}/song.wav`, id: 'song', duration_s: 1 });
  await page.evaluate('song.pause(); song.currentTime = 0.5');
  await told('media_pause', { id: 'song' });
  await told('media_seek', { id: 'song', current_s: 0.5 });
  // By then a selection has come to rest.
  await page.evaluate('getSelection().selectAllChildren(words); new Promise((done) => { song.onended = done; void song.play() })');
  await told('media_complete', { id: 'song', current_s: 1 });
  // Again: the first time may have been before anybody listened.
  await page.evaluate('none.load()');
  await told('media_error', { id: 'none', src: `${server.url}/none.wav` });

  await page.evaluate(`new Promise((done) => {
    const socket = new WebSocket('${address}?token=abc');
    socket.onopen = () => socket.send('x');
    socket.onclose = () => done();
  })`);
  await told('websocket_open', { url: address });
  await told('websocket_close', { url: address, code: 1000, reason: 'bye' });
  await page.evaluate(`void new WebSocket('ws://127.0.0.1:1/')`);
  await told('websocket_error', { url: 'ws://127.0.0.1:1/' });

  await page.evaluate(`frame.contentWindow.setTimeout(frame.contentWindow.eval('(' + spin + ')'))`);
  if (!isOff('long_task')) {
    const { payload } = await server.event('long_task', ({ payload }) => payload.duration_ms >= 110 && !!payload.attribution);
    expect(payload.duration_ms).toBeLessThan(5000);
    expect(payload.attribution).toBe(`${server.url}/frame`);
    expect((await server.event('memory')).payload.used_bytes).toBeGreaterThan(100_000);
  }
  const changed = `document.dispatchEvent(new Event('visibilitychange'))`;
  await page.evaluate(`Object.defineProperty(document, 'hidden', { value: true, configurable: true }); ${changed}`);
  await told('page_hidden', {});
  await page.evaluate(`delete document.hidden; ${changed}`);
  await told('page_visible', { hidden_ms: expect.any(Number) });
  const metrics = { width: 700, height: 1000, deviceScaleFactor: 1, mobile: false, screenOrientation: { type: 'portraitPrimary', angle: 90 } };
  await (await context.newCDPSession(page)).send('Emulation.setDeviceMetricsOverride', metrics as never);
  await told('orientation_change', { orientation: 'portrait-primary' });
  await told('window_resize', { width: 700, height: 1000, previous_width: 1000, previous_height: 700 });

  await page.mouse.move(300, 20);
  await page.hover('#b');
  await page.mouse.move(300, 300);
  await page.click('#send');
  await page.fill('#field', 'x');
  await page.click('#send');
  await page.evaluate('scrollTo(0, 1e6)');
  await told('scroll_milestone', { percent: 25 });
  await page.evaluate(`console.error('e', new Error('e')); void Promise.reject(new Error('e')); words.title = 't'; GoSight.track('t', { n: 1 }, 'c')`);
  await page.evaluate(`(async () => {
    await fetch('/data', { method: 'POST', body: 'abc' });
    const request = new XMLHttpRequest();
    const over = new Promise((done) => { request.onloadend = done });
    request.open('POST', '/data');
    request.send('abcd');
    await over;
    document.body.append(Object.assign(new Image(), { src: '/none.png' }));
  })()`);
  await told('fetch_request', { method: 'POST', status: 200, request_bytes: 3, response_bytes: 10 });
  await told('xhr_request', { method: 'POST', status: 200, request_bytes: 4, response_bytes: 10 });
  await page.click('#fail');
  await page.fill('#field', 'y');
  for (const type of ['form_submit', 'replay_chunk']) await come(type);
  await page.evaluate('GoSight.startNewSession()');
  await page.click('#away');
  await come('page_exit');
  await come('mouse_enter');
  sockets.close();

  // Where each request is told, none is told of as merely begun: that is all there is to say of the network when it is off.
  const types = (message('Event').oneofs.payload?.oneof ?? []).filter((type) => type !== 'network_activity');
  const untold = () => types.filter((type) => !isOff(type) && !server.count(type));
  await expect.poll(untold, { timeout: 10_000 }).toEqual([]);
  expect(types.filter((type) => isOff(type) && server.count(type))).toEqual([]);
  expect(server.count('network_activity') > 0).toBe(isOff('fetch_request'));
  if (off[0]) return;
  const payloadsOf = (type: string) => server.arrivals.filter((arrival) => arrival.type === type).map(({ payload }) => payload as Fields);
  const empty = () => [
    ...types.flatMap((type) => emptyIn(type, message('Event').fields[type]?.type as string, payloadsOf(type))),
    ...emptyIn(
      'Page',
      'Page',
      server.arrivals.map(({ page }) => page as never),
    ),
    ...emptyIn(
      'Target',
      'Target',
      types.flatMap(payloadsOf).flatMap(({ target }) => (target ? [target as Fields] : [])),
    ),
    ...emptyIn(
      'Device',
      'Device',
      server.batches.map(({ device }) => device),
    ),
    ...emptyIn('EventBatch', 'EventBatch', server.batches as never),
  ];
  await expect.poll(() => empty().sort(), { timeout: 10_000 }).toEqual(UNTOLD.sort());
});
