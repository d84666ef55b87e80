import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** Writes a built file. One that stays the same keeps its time: the server embeds these files, and would be built anew. */
export function put(file, text) {
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text);
}
