import type { Dictionary } from './en';
import { en } from './en';
export const vi: Dictionary = en;
