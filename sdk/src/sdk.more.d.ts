import type { Lent } from './core.js';

export function start(lent: Lent): void;
