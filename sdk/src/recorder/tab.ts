/** What a tab remembers of a project, for as long as it is there; nothing where storage is blocked. */
import { options } from '../more/core.js';

/** Rules of another origin's sheet cannot be read, some selectors are for nobody to ask, some addresses are none, and storage may be blocked. */
export function guardedly<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {}
}

/** Beside what the core keeps, and apart from what another project has of the same site. */
const nameOf = (what: string) => `gosight:${options.projectKey}:${what}`;

export const remembered = (what: string): string | undefined => guardedly(() => sessionStorage[nameOf(what)]);
export const remember = (what: string, value: string | number): unknown => guardedly(() => (sessionStorage[nameOf(what)] = value));
