import type { Core } from './core.js';

export function start(core: Core): void;
