/** Smooth density from cells: a small grid of sums of soft dots, coloured by a scale. Pure but for the pixels' array. */

export interface Dot {
  x: number;
  y: number;
  weight: number;
}

export type Rgb = readonly [number, number, number];

export interface Density {
  width: number;
  height: number;
  /** Row by row, from 0 to 1. */
  values: Float32Array;
}

/** How far a dot reaches, in grid points. */
const REACH = 8;
const SIGMA = REACH / 2.6;
/** Under 1: few clicks stay visible beside many. */
const CONTRAST = 0.6;

/** A bell that is exactly nothing at its rim, so that dots have no edge. */
function bell(distanceSquared: number): number {
  const rim = Math.exp(-(REACH * REACH) / (2 * SIGMA * SIGMA));
  return Math.max(0, Math.exp(-distanceSquared / (2 * SIGMA * SIGMA)) - rim);
}

const KERNEL = Float32Array.from({ length: (2 * REACH + 1) ** 2 }, (_, index) => {
  const dx = (index % (2 * REACH + 1)) - REACH;
  const dy = Math.floor(index / (2 * REACH + 1)) - REACH;
  return bell(dx * dx + dy * dy);
});

function spread(values: Float32Array, width: number, height: number, dot: Dot): void {
  const centerX = Math.round(dot.x);
  const centerY = Math.round(dot.y);
  for (let dy = -REACH; dy <= REACH; dy += 1) {
    const y = centerY + dy;
    if (y < 0 || y >= height) continue;
    for (let dx = -REACH; dx <= REACH; dx += 1) {
      const x = centerX + dx;
      if (x < 0 || x >= width) continue;
      const at = y * width + x;
      values[at] = (values[at] ?? 0) + dot.weight * (KERNEL[(dy + REACH) * (2 * REACH + 1) + dx + REACH] ?? 0);
    }
  }
}

/** The density of dots whose coordinates are grid points. */
export function densityOf(dots: readonly Dot[], width: number, height: number): Density {
  const values = new Float32Array(width * height);
  for (const dot of dots) spread(values, width, height, dot);
  let largest = 0;
  for (const value of values) largest = Math.max(largest, value);
  if (largest > 0) for (let at = 0; at < values.length; at += 1) values[at] = ((values[at] ?? 0) / largest) ** CONTRAST;
  return { width, height, values };
}

/** The colour at a share of a scale of stops. */
export function colorAt(stops: readonly Rgb[], share: number): Rgb {
  const position = Math.max(0, Math.min(1, share)) * (stops.length - 1);
  const index = Math.min(stops.length - 2, Math.floor(position));
  const from = stops[index] ?? [0, 0, 0];
  const to = stops[index + 1] ?? from;
  const part = position - index;
  const mix = (channel: 0 | 1 | 2) => Math.round(from[channel] + (to[channel] - from[channel]) * part);
  return [mix(0), mix(1), mix(2)];
}

/** Writes the density's pixels (RGBA) into `pixels`; they are opaque from `fadeIn` on, and clear at 0. */
export function paint(density: Density, stops: readonly Rgb[], fadeIn: number, pixels: Uint8ClampedArray): void {
  const scale = Array.from({ length: 256 }, (_, index) => colorAt(stops, index / 255));
  density.values.forEach((value, index) => {
    const [red, green, blue] = scale[Math.min(255, Math.floor(value * 255))] ?? [0, 0, 0];
    const at = index * 4;
    pixels[at] = red;
    pixels[at + 1] = green;
    pixels[at + 2] = blue;
    pixels[at + 3] = Math.min(1, value / fadeIn) * 255;
  });
}

/** `#rgb` or `#rrggbb` as numbers. */
export function parseColor(hex: string): Rgb {
  const digits = hex.replace('#', '');
  const full = digits.length === 3 ? [...digits].map((digit) => digit + digit).join('') : digits;
  const value = Number.parseInt(full, 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}
