// What the shop sells. Prices in whole euros.

const NAMES = [
  ['Harbour mug', 'mug', 'sky', 24], ['Field vase', 'vase', 'moss', 68], ['Supper bowl', 'bowl', 'oat', 32], ['Ember jug', 'jug', 'rust', 54],
  ['Ink plate', 'plate', 'ink', 28], ['Rose jar', 'jar', 'rose', 46], ['Morning mug', 'mug', 'oat', 22], ['Tall vase', 'vase', 'rust', 74],
  ['Rain bowl', 'bowl', 'sky', 34], ['Orchard jug', 'jug', 'moss', 58], ['Chalk plate', 'plate', 'oat', 26], ['Tea jar', 'jar', 'ink', 48],
  ['Heath mug', 'mug', 'rose', 24], ['Dusk vase', 'vase', 'ink', 72], ['Clay bowl', 'bowl', 'rust', 30], ['Milk jug', 'jug', 'oat', 44],
  ['Pond plate', 'plate', 'moss', 28], ['Salt jar', 'jar', 'sky', 38], ['Coal mug', 'mug', 'ink', 26], ['Petal vase', 'vase', 'rose', 64],
  ['Fern bowl', 'bowl', 'moss', 36], ['Tide jug', 'jug', 'sky', 56], ['Brick plate', 'plate', 'rust', 28], ['Sugar jar', 'jar', 'oat', 36],
];

export const GOODS = NAMES.map(([name, shape, glaze, price], index) => ({ id: name.toLowerCase().replace(' ', '-'), name, shape, glaze, price, seed: index + 1 }));

const CART = 'fern-and-kiln:cart';

export function cart() {
  try {
    return JSON.parse(localStorage.getItem(CART)) ?? [{ id: 'harbour-mug', count: 2 }, { id: 'supper-bowl', count: 1 }];
  } catch {
    return [];
  }
}

export function keepCart(lines) {
  try {
    localStorage.setItem(CART, JSON.stringify(lines));
  } catch {
    // The cart lives as long as the page.
  }
}

export const find = (id) => GOODS.find((good) => good.id === id) ?? GOODS[0];
export const euros = (amount) => `€ ${amount}`;
export const total = (lines) => lines.reduce((sum, { id, count }) => sum + find(id).price * count, 0);
