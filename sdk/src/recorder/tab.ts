/** What a tab remembers, for as long as it is there; nothing where storage is blocked. */

/** Rules of another origin's sheet cannot be read, some selectors are for nobody to ask, and storage may be blocked. */
export function guardedly<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {}
}

export const remembered = (name: string): string | null | undefined => guardedly(() => sessionStorage.getItem(name));
export const remember = (name: string, value: string | number): void => guardedly(() => sessionStorage.setItem(name, `${value}`));
