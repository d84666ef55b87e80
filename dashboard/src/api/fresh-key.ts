/** A key just made is shown once: it is kept in memory from the moment it is answered until the page is left. */
const keys = new Map<string, string>();

export const freshKey = {
  keep(project: string, key: string): void {
    keys.set(project, key);
  },
  of(project: string): string | null {
    return keys.get(project) ?? null;
  },
};
