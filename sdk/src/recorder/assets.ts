/**
 * The pictures and web fonts that the page shows, kept with the recording, so that it looks right after the site has changed or is gone.
 *
 * Only what can be read without a complaint of the browser is asked for: addresses of the page's own origin, images that were loaded with
 * `crossorigin`, and fonts, which browsers load so. No cookie leaves for another origin, no redirect is followed, and where the page's policy forbids
 * it, that is asked once. What is blocked or masked, and styles that nothing else wears, stay placeholders.
 */
import { fetcher, guard, later } from '../more/core.js';
import { dataUrlOf } from './canvas.js';
import { addressOf, CSS_PIECE, isBlocked, isMasked, whenAddressTold } from './masks.js';
import { baseOf } from './nodes.js';
import { plan } from './plan.js';
import { isPressed } from './pressure.js';
import { begin, isTimeUp, whenIdle } from './slices.js';
import { guardedly, remember, remembered } from './tab.js';

/** The server's own limit is 2 MiB; a photo for the web has less than this, and as text it fits one task. */
const ASSET_BYTES_MAX = 512 * 1024;
/**
 * The largest of frameworks have half of it. A snapshot carries the sheets of a page in one event, which is written in one task, and of which the server takes
 * 10 MiB.
 */
export const SHEET_LENGTH_MAX = 1_000_000;
/** Of one page load, for a visitor's upload is slow and dear. */
const BYTES_MAX = 4 * 1024 * 1024;
const COUNT_MAX = 100;
/** So many wait while none may be asked for; of more, those that were seen last. */
const QUEUE_MAX = COUNT_MAX;
/** One that changes its picture all the time is a camera, or counts. */
const PICTURES_OF_ONE_MAX = 3;
/** A smaller picture is there to be asked for, not to be seen. */
const PIXELS_MIN = 16;
/** One after the other, no faster than this: a quarter of a megabyte in a second. */
const BYTES_PER_MS = 256;
const ANSWER_MS = 10_000;
/** How often it is looked at what the page shows by now, and how much of its styles waits to be worn. */
const LOOK_EVERY_MS = 3000;
const RULES_MAX = 500;
/** So many wearers of a style are asked whether they are private. */
const WEARERS_MAX = 20;
/** Where a tab remembers that the page's policy lets us fetch nothing, and with an origin after it, that this one shares no sheet. */
const FORBIDDEN = 'no_assets';

/** By the bytes they begin with, as browsers do; what is not here the server does not take, but for a drawing. */
const TYPES: [mime: string, begins: string, at?: number][] = [
  ['image/png', '\x89PNG'],
  ['image/jpeg', '\xff\xd8\xff'],
  ['image/gif', 'GIF8'],
  ['image/webp', 'WEBP', 8],
  ['image/avif', 'ftypavi', 4],
  ['font/woff2', 'wOF2'],
  ['font/woff', 'wOFF'],
  ['font/ttf', '\0\x01\0\0'],
  ['font/otf', 'OTTO'],
];
/** By the word of its server alone; one with words is no picture to us, for they are masked where the page has them as text. */
const DRAWING = 'image/svg+xml';
const WORDED = /<([\w.-]+:)?(t(ext|span|ref)|altglyph|foreignobject)/i;
/** Properties that show a picture. */
const PICTURED = ['background-image', 'mask-image', 'list-style-image', 'border-image-source', 'content'];

/** The number of a rule that is a font. */
const FONT_FACE = 5;

type Root = Document | ShadowRoot;
type Rule = Partial<Pick<CSSMediaRule, 'media' | 'cssRules'> & Pick<CSSImportRule, 'styleSheet'> & Pick<CSSStyleRule, 'style' | 'selectorText'>>;

/** What is told of an asset; without its data once that has been sent. */
interface Told {
  url: string;
  mime: string;
  digest?: string;
  data?: string;
}

interface Wanted {
  address: URL;
  /** What the recording calls it. */
  names: string[];
}

export interface Assets {
  /** An element is told. */
  watch(element: Element): void;
  /** Tells again, by their digests, what was told: playing may begin here. */
  repeat(): void;
  stop(): void;
}

/** By name, of this page load: what was sent, or undefined while it is asked for and when it cannot be had. */
const sent = new Map<string, Told | undefined>();
const asked = new Set<string>();
let bytesSent = 0;
let isForbidden = false;

/** Whether we asked for the address, and not the page. */
export const isAsked = (address: string): boolean => asked.has(address);

/** By default a browser sends the cookies of the page's own origin, and no others. */
function get(address: string, more?: RequestInit): Promise<Response> {
  asked.add(address);
  return fetcher(address, { cache: 'force-cache', priority: 'low', signal: AbortSignal.timeout(ANSWER_MS), ...more });
}

/** The body of an answer, unless it is larger than that. */
async function bodyOf({ body }: Response, bytesMax: number): Promise<Blob | undefined> {
  const reader = body?.getReader();
  const parts: BlobPart[] = [];
  let bytes = 0;
  for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
    parts.push(part.value);
    bytes += part.value.length;
    if (bytes > bytesMax) return void reader?.cancel();
  }
  return new Blob(parts);
}

/**
 * A sheet of another origin, or undefined where it did not come. Where its server does not share it, a browser complains on the
 * page's console: a tab asks such an origin once.
 */
export async function sheetAt(address: string): Promise<string | undefined> {
  const name = FORBIDDEN + new URL(address).origin;
  if (isForbidden || plan.images !== 'keep' || remembered(name)) return '';
  try {
    const answer = await get(address);
    if (/^4/.test(`${answer.status}`)) remember(name, 1);
    if (answer.ok) return (await (await bodyOf(answer, SHEET_LENGTH_MAX))?.text()) ?? '';
  } catch (error) {
    // Who is offline, or waits too long, was not refused.
    if (error instanceof TypeError && navigator.onLine) remember(name, 1);
  }
}

/** Its bytes, and what it is. */
async function read({ href }: URL): Promise<[bytes: Uint8Array<ArrayBuffer>, mime: string] | undefined> {
  const answer = await get(href, { redirect: 'manual' });
  const blob = await bodyOf(answer, answer.ok ? ASSET_BYTES_MAX : 0);
  if (!blob) return;
  const all = new Uint8Array(await blob.arrayBuffer());
  const isDrawing = answer.headers.get('content-type')?.startsWith(DRAWING);
  const mime = mimeOf(all) ?? (isDrawing && !WORDED.test(await blob.text()) && DRAWING);
  if (mime) return [all, mime];
}

function mimeOf(bytes: Uint8Array): string | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, 12));
  return TYPES.find(([, begins, at = 0]) => head.startsWith(begins, at))?.[0];
}

/** Undefined where the page may not compute one: then what was sent cannot be told again. */
async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const digest = await crypto.subtle?.digest('SHA-256', bytes);
  return digest && [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

const isPrivate = (element: Element): boolean => isBlocked(element) || isMasked(element);
const addressesIn = (css: string): string[] => [...css.matchAll(CSS_PIECE)].flatMap(([, , address]) => address ?? []);

/** Whether someone wears the style by now whose looks may be told. */
function isWorn(root: Root, selector: string): boolean {
  const wearers = root.querySelectorAll(selector.replace(/::[\w-]+/g, ''));
  // There may be thousands of them.
  return Array.prototype.slice.call(wearers, 0, WEARERS_MAX).some((element: Element) => !isPrivate(element));
}

/** Whether the page has loaded the font of a rule. */
function isLoaded(style: CSSStyleDeclaration): boolean {
  const plain = (value: string) => value.replace(/["']/g, '').replace('400', 'normal').replace('700', 'bold');
  const of = (name: string, otherwise: string) => plain(style.getPropertyValue(name) || otherwise);
  const wanted = [of('font-family', ''), of('font-weight', 'normal'), of('font-style', 'normal'), of('unicode-range', 'U+0-10FFFF')].join();
  const nameOf = ({ family, weight, style, unicodeRange }: FontFace) => [family, weight, style, unicodeRange].map(plain).join();
  return [...document.fonts].some((face) => face.status === 'loaded' && nameOf(face) === wanted);
}

/** Tells of each asset once, as long as `mayTell`. */
export function openAssets(tell: (asset: Told) => void, mayTell: () => boolean): Assets {
  const told = new Set<Told>();
  const named = new Set<string>();
  const elements = new Set<Element>();
  const roots = new Set<Root>([document]);
  const pictures = new WeakMap<Element, number>();
  /** Rules of a sheet that were looked at. */
  const seen = new WeakMap<CSSStyleSheet, number>();
  /** Styles that wait to be worn or loaded. */
  let waiting: [isReady: () => boolean, wantIt: () => void][] = [];
  const queue: Wanted[] = [];
  let isAsking = false;
  let isStopped = false;

  function want(address: string, base: string, names = [address], isShared = false): void {
    const url = guardedly(() => new URL(address, base));
    if (!url || isSpent() || !/^http/.test(url.protocol) || (url.origin !== location.origin && !isShared)) return;
    // A browser tells without it what the policy forbids.
    url.hash = '';
    const unnamed = [...new Set(names.map((name) => name && addressOf(name, base)))].filter((name) => name && !named.has(name));
    for (const name of unnamed) named.add(name);
    if (unnamed[0]) queue.push({ address: url, names: unnamed });
    if (queue.length > QUEUE_MAX) for (const name of (queue.shift() as Wanted).names) named.delete(name);
  }

  function lookAt(element: Element): void {
    const count = pictures.get(element) ?? 0;
    if (count >= PICTURES_OF_ONE_MAX || !element.isConnected || isPrivate(element)) return;
    pictures.set(element, count + 1);
    const { baseURI, localName } = element;
    const addressIn = (name: string) => want(element.getAttribute(name) ?? '', baseURI);
    if (localName === 'img') lookAtImage(element as HTMLImageElement);
    else if (localName === 'image') ['href', 'xlink:href'].forEach(addressIn);
    else if (localName === 'video') addressIn('poster');
    else if (localName === 'input') addressIn('src');
    for (const address of addressesIn(element.getAttribute('style') ?? '')) want(address, baseURI);
  }

  function lookAtImage(image: HTMLImageElement): void {
    const { complete, naturalWidth, naturalHeight, currentSrc, crossOrigin, baseURI } = image;
    if (!complete) image.addEventListener('load', () => elements.add(image), { once: true });
    else if (naturalWidth * naturalHeight >= PIXELS_MIN) want(currentSrc, baseURI, [currentSrc, image.getAttribute('src') ?? ''], crossOrigin === 'anonymous');
  }

  function* look(): Generator<void> {
    for (const element of elements) {
      elements.delete(element);
      lookAt(element);
      yield;
    }
    for (const root of roots) {
      if (!root.isConnected) roots.delete(root);
      for (const sheet of [...root.styleSheets, ...(root.adoptedStyleSheets ?? [])]) yield* lookAtSheet(sheet, root);
    }
    const before = waiting;
    waiting = [];
    for (const [isReady, wantIt] of before) {
      if (guardedly(isReady)) wantIt();
      else waitFor(isReady, wantIt);
      yield;
    }
  }

  function* lookAtSheet(sheet: CSSStyleSheet, root: Root): Generator<void> {
    const rules = guardedly(() => sheet.cssRules);
    const from = seen.get(sheet) ?? 0;
    if (!rules || rules.length === from) return;
    seen.set(sheet, rules.length);
    yield* lookAtRules([...rules].slice(from), root, baseOf(sheet));
  }

  function* lookAtRules(rules: CSSRule[], root: Root, base: string): Generator<void> {
    for (const rule of rules) {
      yield;
      const { media, cssRules, styleSheet, style, selectorText } = rule as Rule;
      if (media && !matchMedia(media.mediaText).matches) continue;
      if (styleSheet) yield* lookAtSheet(styleSheet, root);
      if (style && rule.type === FONT_FACE) {
        waitFor(
          () => isLoaded(style),
          () => wantFont(style.getPropertyValue('src'), base),
        );
      }
      if (style && selectorText) {
        const addresses = PICTURED.flatMap((name) => addressesIn(style.getPropertyValue(name)));
        const wantAll = () => {
          for (const address of addresses) want(address, base);
        };
        if (addresses[0]) waitFor(() => isWorn(root, selectorText), wantAll);
      }
      if (cssRules) yield* lookAtRules([...cssRules], root, base);
    }
  }

  function waitFor(isReady: () => boolean, wantIt: () => void): void {
    if (waiting.length < RULES_MAX) waiting.push([isReady, wantIt]);
  }

  /** The first address a browser of today takes; where it may have taken a font of the system, nobody knows whether the other origin shares it. */
  function wantFont(source: string, base: string): void {
    const address = addressesIn(source).find((it) => !/\.(eot|svg)\b/.test(it));
    if (address) want(address, base, [address], !source.includes('local('));
  }

  /** A look in idle time, in slices, and the next one after a while. */
  function step(): void {
    if (isStopped) return;
    whenIdle(() => {
      if (isStopped) return;
      const isBusy = document.readyState !== 'complete' || isPressed();
      begin();
      let isDone: boolean | undefined = isBusy;
      while (!isDone && !isTimeUp()) isDone = walk.next().done;
      if (!isDone) return step();
      if (!isBusy) walk = look();
      void ask();
      timer = later(step, LOOK_EVERY_MS);
    });
  }

  /** For the rest of this page load. */
  const isSpent = () => isForbidden || sent.size >= COUNT_MAX || bytesSent >= BYTES_MAX;
  const mayAsk = () => mayTell() && !isStopped && !isSpent() && !isPressed() && navigator.onLine;

  async function ask(): Promise<void> {
    if (isAsking) return;
    isAsking = true;
    for (let next = queue[0]; next && mayAsk(); next = queue[0]) {
      queue.shift();
      const bytes = await bring(next).catch(() => 0);
      await new Promise((done) => setTimeout(done, bytes / BYTES_PER_MS));
    }
    isAsking = false;
  }

  /** Tells of an asset, and how many bytes that took. */
  async function bring({ address, names }: Wanted): Promise<number> {
    const [name = '', ...others] = names;
    const known = sent.get(name);
    if (known?.digest) say({ ...known });
    if (sent.has(name)) return 0;
    sent.set(name, undefined);
    const [bytes, mime] = (await read(address)) ?? [];
    if (!bytes || !mime || isStopped) return 0;
    const digest = await digestOf(bytes);
    const [, data] = (await dataUrlOf(new Blob([bytes]))).split(',');
    bytesSent += bytes.length;
    say({ url: name, mime, digest, data });
    if (digest) for (const url of others) say({ url, mime, digest });
    return bytes.length;
  }

  function say({ data, ...asset }: Told): void {
    sent.set(asset.url, asset);
    told.add(asset);
    tell(data ? { ...asset, data } : asset);
  }

  let walk = look();
  let timer = later(step, LOOK_EVERY_MS);
  const forbid = guard(({ blockedURI, effectiveDirective }: SecurityPolicyViolationEvent) => {
    isForbidden ||= effectiveDirective === 'connect-src' && isAsked(blockedURI);
    if (isForbidden) remember(FORBIDDEN, 1);
  });
  document.addEventListener('securitypolicyviolation', forbid);
  isForbidden ||= !!remembered(FORBIDDEN);
  whenAddressTold((element) => elements.add(element));

  return {
    watch({ shadowRoot }) {
      if (shadowRoot) roots.add(shadowRoot);
    },
    repeat() {
      for (const asset of told) if (asset.digest) tell(asset);
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
      whenAddressTold(() => {});
      document.removeEventListener('securitypolicyviolation', forbid);
    },
  };
}
