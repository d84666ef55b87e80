/**
 * What is drawn on canvases, as pictures, when it has changed: an attribute of the canvas, so that a snapshot carries the last one and a player
 * needs no calls repeated. Off unless it is asked for: a picture cannot be masked, and reading one back is slow.
 *
 * A canvas is read right after the page has drawn its frame. A WebGL canvas that does not keep its buffer is empty at any other time, and an empty
 * picture is not told: of one that is drawn seldom there may be none.
 */
import { guard, later } from '../more/core.js';
import type { Attributes } from './events.js';
import { isBlocked, isMasked } from './masks.js';
import { plan } from './plan.js';
import { isPressed } from './pressure.js';

/** At most one picture of a canvas in this time… */
const EVERY_MS = 1000;
/** …and a hundredth of the time for reading: the next one waits as many times longer as this one took. */
const WAIT_PER_SPENT = 100;
/** The longer side of a picture: more is not seen in a player, and this is read back in about ten milliseconds. */
const SIDE_PX_MAX = 800;
const QUALITY = 0.6;
/** A chart has a few thousand. One over it is left out. */
const PICTURE_LENGTH_MAX = 200_000;
/** Of one recording; then canvases stay as they were. */
const LENGTH_MAX = 8_000_000;

const pictures = new WeakMap<Element, string>();

/** The last picture of a canvas, for a snapshot. */
export const pictureOf = (canvas: Element): Attributes => {
  const picture = plan.canvas && pictures.get(canvas);
  return picture ? { rr_dataURL: picture } : {};
};

interface Seen {
  /** When it may be read next. */
  at: number;
  hash: number;
}

export interface Canvases {
  /** An element is told. */
  watch(element: Element): void;
  stop(): void;
}

/** The size of its picture; undefined while nobody can see it, or may not. */
function sizeOf(canvas: HTMLCanvasElement): { width: number; height: number } | undefined {
  const { width, height, top, left, bottom, right } = canvas.getBoundingClientRect();
  const isVisible = width * height * canvas.width * canvas.height > 0 && bottom > 0 && right > 0 && top < innerHeight && left < innerWidth;
  if (!isVisible || isBlocked(canvas) || isMasked(canvas)) return;
  const scale = Math.min(1, SIDE_PX_MAX / Math.max(width, height));
  return { width: Math.ceil(width * scale), height: Math.ceil(height * scale) };
}

/** Zero when all of it is transparent. */
function hashOf({ data }: ImageData): number {
  let hash = 0;
  for (const pixel of new Uint32Array(data.buffer)) hash = (Math.imul(hash, 31) + pixel) | 0;
  return hash;
}

export function dataUrlOf(blob: Blob): Promise<string> {
  return new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result));
    reader.readAsDataURL(blob);
  });
}

export function openCanvases(tell: (canvas: Element, attributes: Attributes) => void): Canvases {
  const canvases = new Map<HTMLCanvasElement, Seen>();
  let length = 0;
  let isStopped = false;

  /** Asked for between two frames, it comes after what the page asked for. */
  function turn(): void {
    timer = later(turn, EVERY_MS);
    if (!document.hidden && !isPressed() && canvases.size) requestAnimationFrame(guard(frame));
  }

  /** Reads the canvas that has waited longest: one in a frame. */
  function frame(): void {
    if (isStopped || length > LENGTH_MAX) return;
    const startedAt = performance.now();
    for (const [canvas, seen] of canvases) {
      if (!canvas.isConnected) canvases.delete(canvas);
      else if (seen.at <= startedAt && read(canvas, seen)) {
        const now = performance.now();
        // The turns see to one in a second; they come a bit sooner or later.
        seen.at = now + Math.max(EVERY_MS / 2, (now - startedAt) * WAIT_PER_SPENT);
        // To the end of the line.
        if (canvases.delete(canvas)) canvases.set(canvas, seen);
        requestAnimationFrame(guard(frame));
        return;
      }
    }
  }

  /** Whether it was looked at. */
  function read(canvas: HTMLCanvasElement, seen: Seen): boolean {
    const size = sizeOf(canvas);
    if (!size) return false;
    const copy = Object.assign(document.createElement('canvas'), size);
    const context = copy.getContext('2d', { willReadFrequently: true });
    if (!context) return false;
    context.drawImage(canvas, 0, 0, size.width, size.height);
    let hash = 0;
    try {
      hash = hashOf(context.getImageData(0, 0, size.width, size.height));
    } catch {
      // Something of another origin is drawn on it, and stays there.
      canvases.delete(canvas);
    }
    if (hash && hash !== seen.hash) void draw(canvas, copy);
    if (hash) seen.hash = hash;
    return true;
  }

  async function draw(canvas: HTMLCanvasElement, copy: HTMLCanvasElement): Promise<void> {
    const blob = await new Promise<Blob | null>((done) => copy.toBlob(done, 'image/webp', QUALITY));
    const picture = blob ? await dataUrlOf(blob) : '';
    if (isStopped || !picture || picture.length > PICTURE_LENGTH_MAX || !canvas.isConnected) return;
    length += picture.length;
    pictures.set(canvas, picture);
    tell(canvas, { rr_dataURL: picture });
  }

  let timer = later(turn, EVERY_MS);
  return {
    watch(element) {
      if (element.localName !== 'canvas') return;
      const canvas = element as HTMLCanvasElement;
      if (!canvases.has(canvas)) canvases.set(canvas, { at: 0, hash: 0 });
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
