/** Every type of the contract is told by somebody who does everything, in the built files; what other tests look at closely is not looked at again. */
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import { KEY } from './capture.js';
import { it } from './chromium.js';
import { silence } from './silence.js';
import { message } from './wire.js';

const ALL = `{ network: true, media: true, clipboard: true, selection: true }`;
const SCRIPT = `<script src="/sdk.js"></script><script>GoSight.init({ projectKey: '${KEY}', events: ${ALL} }); GoSight.identify('ada'); GoSight.group('acme')</script>`;
const BODY = `<button id="b">press</button><p id="words">five words to be read</p><audio id="song" src="/song.wav"></audio><audio id="none" src="/none.wav"></audio>
  <form id="form" onsubmit="event.preventDefault()"><input id="field" required><button id="send">send</button></form><div style="height:4000px"></div>`;
/** RFC 6455, section 1.3. */
const HANDSHAKE = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const NO_STATUS = 1005;

/** Takes web sockets, and never says anything. */
async function openSockets(): Promise<Server> {
  const server = createServer();
  server.on('upgrade', ({ headers }, socket) => {
    const accept = createHash('sha1')
      .update(headers['sec-websocket-key'] + HANDSHAKE)
      .digest('base64');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    socket.on('data', () => socket.end(Buffer.from([0x88, 0])));
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return server;
}

it('every type is told, with what it is about', async ({ page, context, server, open }) => {
  const sockets = await openSockets();
  const address = `ws://127.0.0.1:${(sockets.address() as AddressInfo).port}/live`;
  server.pages['/away'] = '<!doctype html>';
  const song = silence(1000);
  server.files['/song.wav'] = { body: song, headers: { 'content-type': 'audio/wav', 'accept-ranges': 'bytes', 'content-length': String(song.length) } };
  // What is measured every half minute comes sooner.
  await page.addInitScript(`{ const every = setInterval; setInterval = (run, ms) => every(run, ms / 100); }`);
  await open(BODY, '/', SCRIPT);
  const told = async (type: string, payload: object) => expect((await server.event(type)).payload, type).toMatchObject(payload);

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

  await page.evaluate('song.play()');
  await told('media_play', { kind: 'audio', src: `${server.url}/song.wav`, id: 'song', duration_s: 1 });
  await page.evaluate('song.pause(); song.currentTime = 0.5');
  await told('media_pause', { id: 'song' });
  await told('media_seek', { id: 'song', current_s: 0.5 });
  await page.evaluate('song.play()');
  await told('media_complete', { id: 'song', current_s: 1 });
  await told('media_error', { id: 'none', src: `${server.url}/none.wav` });

  await page.evaluate(`const socket = new WebSocket('${address}?token=abc'); socket.onopen = () => socket.send('x'); void 0`);
  await told('websocket_open', { url: address });
  await told('websocket_close', { url: address, code: NO_STATUS });
  await page.evaluate(`void new WebSocket('ws://127.0.0.1:1/')`);
  await told('websocket_error', { url: 'ws://127.0.0.1:1/' });

  await page.evaluate('setTimeout(() => { const end = performance.now() + 120; while (performance.now() < end); })');
  expect((await server.event('long_task', ({ payload }) => payload.duration_ms >= 110)).payload.duration_ms).toBeLessThan(5000);
  expect((await server.event('memory')).payload.used_bytes).toBeGreaterThan(100_000);
  const hide = (isHidden: boolean) =>
    page.evaluate(
      `Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true }); document.dispatchEvent(new Event('visibilitychange'))`,
    );
  await hide(true);
  await told('page_hidden', {});
  await hide(false);
  expect((await server.event('page_visible')).payload.hidden_ms).toBeGreaterThan(0);
  const metrics = { width: 700, height: 1000, deviceScaleFactor: 1, mobile: false, screenOrientation: { type: 'portraitPrimary', angle: 90 } };
  await (await context.newCDPSession(page)).send('Emulation.setDeviceMetricsOverride', metrics as never);
  await told('orientation_change', { orientation: 'portrait-primary' });
  await told('window_resize', { width: 700, height: 1000 });

  await page.mouse.move(300, 20);
  await page.hover('#b');
  await page.mouse.move(300, 300);
  await page.click('#send');
  await page.fill('#field', 'x');
  await page.click('#send');
  await page.evaluate(`scrollTo(0, 1e6); console.error('e'); void Promise.reject(1); setTimeout(() => { throw new Error('e') }); words.title = 't';
    GoSight.track('t'); fetch('/'); const x = new XMLHttpRequest(); x.open('GET', '/'); x.send(); document.body.append(Object.assign(new Image(), { src: '/none.png' }))`);
  await page.fill('#field', 'y');
  await server.event('form_submit');
  await server.event('scroll_milestone');
  await page.evaluate('GoSight.startNewSession()');
  await page.goto(`${server.url}/away`);
  await server.event('page_exit');
  sockets.close();

  const { oneofs } = message('Event');
  const missing = () => oneofs?.payload?.oneof.filter((type) => !['network_activity', 'replay_chunk'].includes(type) && !server.count(type));
  // Where each request is told, none is told of as merely begun; recordings have tests of their own.
  await expect.poll(missing, { timeout: 10_000 }).toEqual([]);
});
