// Draws the shop's pottery. Every piece is an SVG made of a silhouette, a body colour, a dip of glaze and a few speckles.

const SHAPES = {
  vase: { path: 'M82 34h36c-2 26 4 38 18 56 20 26 22 66-4 92-4 4-60 4-64 0-26-26-24-66-4-92 14-18 20-30 18-56z', rim: [100, 34, 18, 4.5], dip: 96 },
  mug: { path: 'M58 74h76v84c0 20-12 28-24 28H82c-12 0-24-8-24-28z', rim: [96, 74, 38, 8], dip: 120, handle: 'M134 92c34-6 40 56-2 60' },
  bowl: { path: 'M34 96h132c0 50-30 78-52 84v8H86v-8c-22-6-52-34-52-84z', rim: [100, 96, 66, 12], dip: 128 },
  plate: { path: 'M20 140c0-10 36-18 80-18s80 8 80 18-30 26-58 28H78c-28-2-58-18-58-28z', rim: [100, 138, 74, 13], dip: 150 },
  jug: { path: 'M70 52c14 4 34 4 50-8l8 10c-6 8-6 20 2 34 14 24 16 70-8 96H72c-24-26-22-72-8-96 8-14 10-26 6-36z', rim: [97, 52, 27, 6], dip: 108, handle: 'M66 74c-44 6-40 66-4 74' },
  jar: { path: 'M62 82h76c14 12 18 84-6 104H68C44 166 48 94 62 82z', rim: [100, 82, 38, 7], dip: 128, lid: 'M58 80c0-18 20-26 42-26s42 8 42 26zM92 54a8 7 0 1 1 16 0z' },
};

export const GLAZES = {
  oat: ['#e9dfcf', '#cdbda3'],
  moss: ['#8f9b7a', '#6b7857'],
  sky: ['#9db4bf', '#6d8a99'],
  rust: ['#c2714f', '#97492d'],
  ink: ['#4a4f57', '#2b2f36'],
  rose: ['#d9a79a', '#b87f72'],
};

/** The same speckles every time: a small linear congruence instead of chance. */
function speckles(seed, count) {
  let state = seed * 7919 + 17;
  const next = () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
  return Array.from({ length: count }, () => `<circle cx="${(30 + next() * 140).toFixed(1)}" cy="${(40 + next() * 150).toFixed(1)}" r="${(0.5 + next() * 1.1).toFixed(2)}"/>`).join('');
}

let drawn = 0;

export function piece(shape, glaze, seed = 1) {
  const { path, rim, dip, handle, lid } = SHAPES[shape];
  const [light, dark] = GLAZES[glaze];
  const id = `p${++drawn}`;
  const [x, y, rx, ry] = rim;
  const stroke = handle ? `<path d="${handle}" fill="none" stroke="${dark}" stroke-width="11" stroke-linecap="round"/><path d="${handle}" fill="none" stroke="${light}" stroke-width="6" stroke-linecap="round" opacity=".55"/>` : '';
  const cover = lid ? `<path d="${lid}" fill="url(#${id}g)"/>` : `<ellipse cx="${x}" cy="${y}" rx="${rx}" ry="${ry}" fill="${dark}"/><ellipse cx="${x}" cy="${y + 1}" rx="${rx - 3}" ry="${Math.max(ry - 2, 1)}" fill="#000" opacity=".28"/>`;
  return `<svg viewBox="0 0 200 210" aria-hidden="true" focusable="false"><defs>
    <linearGradient id="${id}b" x1="0" x2="1"><stop offset="0" stop-color="#d8c7ad"/><stop offset=".45" stop-color="#eadfcb"/><stop offset="1" stop-color="#a8937a"/></linearGradient>
    <linearGradient id="${id}g" x1="0" x2="1"><stop offset="0" stop-color="${dark}"/><stop offset=".38" stop-color="${light}"/><stop offset="1" stop-color="${dark}"/></linearGradient>
    <clipPath id="${id}c"><path d="${path}"/></clipPath></defs>
    <ellipse cx="100" cy="190" rx="70" ry="9" fill="#3a2d20" opacity=".14"/>${stroke}
    <path d="${path}" fill="url(#${id}b)"/>
    <g clip-path="url(#${id}c)"><path d="M0 0h200v${dip}c-24 14-36-8-58 2s-30 16-52 4-34 8-54 0-24-2-36 2z" fill="url(#${id}g)"/>
    <path d="M${x - rx * 0.62} ${y + 14}c-10 34-8 70 2 104" stroke="#fff" stroke-width="7" stroke-linecap="round" fill="none" opacity=".2"/>
    <g fill="#3b2a1c" opacity=".38">${speckles(seed, 26)}</g></g>${cover}</svg>`;
}

/** The picture on the first page: a shelf in morning light. */
export function shelf() {
  const pieces = [['jug', 'sky', 3, 30, 62, 1.15], ['vase', 'rust', 5, 190, 20, 1.38], ['bowl', 'oat', 8, 372, 96, 0.98], ['mug', 'moss', 2, 520, 118, 0.84]];
  const placed = pieces.map(([shape, glaze, seed, x, y, scale]) => `<g transform="translate(${x} ${y}) scale(${scale})">${piece(shape, glaze, seed).replace('<svg viewBox="0 0 200 210" aria-hidden="true" focusable="false">', '').replace('</svg>', '')}</g>`);
  return `<svg viewBox="0 0 720 420" role="img" aria-label="A jug, a vase, a bowl and a mug on a shelf"><defs><linearGradient id="light" x1="0" y1="0" x2="1" y2="1"><stop stop-color="#f7e7d2"/><stop offset="1" stop-color="#e3c9a9"/></linearGradient></defs>
    <rect width="720" height="420" rx="18" fill="url(#light)"/><path d="M420 0h210L390 420H180z" fill="#fff" opacity=".28"/><path d="M660 0h60v120L540 420h-90z" fill="#fff" opacity=".16"/>
    <path d="M600 60c26 30 20 70-8 92M612 96c16-6 30-2 40 8M604 120c-14-10-30-10-42 0M596 152l-4 60" fill="none" stroke="#7d8b6f" stroke-width="5" stroke-linecap="round" opacity=".8"/>
    <rect y="300" width="720" height="120" fill="#8a6244"/><rect y="300" width="720" height="10" fill="#a87b57"/><path d="M0 340h720M0 384h720" stroke="#6f4c33" opacity=".5"/>${placed.join('')}</svg>`;
}
