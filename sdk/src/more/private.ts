/** What is under a mark that hides what it holds: where it loads from, and what its fields are called, may say it. */
import { closest, marked } from './core.js';

export const isPrivate = (element: Element): boolean => !!closest(element, `${marked('mask')},${marked('block')}`);
