/** A list that is wanted whole, read page by page. */

import type { Answer } from './client';

/** Asks for page after page, to the list's end or until there are `rowsMax` rows: then the answer says that there are more. */
export async function wholeList<Row>(
  askPage: (cursor: string | undefined) => Promise<Answer<Row[]>>,
  rowsMax: number,
): Promise<Answer<Row[]>> {
  const first = await askPage(undefined);
  const rows = [...first.data];
  let cursor = first.next_cursor;
  while (cursor && rows.length < rowsMax) {
    const answer = await askPage(cursor);
    rows.push(...answer.data);
    cursor = answer.next_cursor;
  }
  // What was accepted while later pages were asked for may be missing from the earlier ones.
  return { data: rows, complete_to: first.complete_to, truncated: cursor !== undefined };
}
