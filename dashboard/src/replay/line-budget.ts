/** How much of what a session's pages logged and asked for is kept: its first lines, up to a bound. */

import type { Facts, Lines } from './events';

/** Characters of console lines, and as many of requests: more than anybody scrolls through, and some MB at most. */
export const LOG_CHARACTERS_MAX = 2_000_000;

export class LineBudget {
  private consoleLeft = LOG_CHARACTERS_MAX;
  private networkLeft = LOG_CHARACTERS_MAX;

  /** The facts with those of their lines for which there is room. */
  within(facts: Facts): Facts {
    const written = cut(facts.console, this.consoleLeft, ({ text, trace }) => text.length + trace.length);
    const asked = cut(facts.network, this.networkLeft, ({ url, method }) => url.length + method.length);
    this.consoleLeft = written.left;
    this.networkLeft = asked.left;
    return { ...facts, console: written.lines, network: asked.lines };
  }
}

/** Once one line has not fitted, none does: what is kept is without holes. */
function cut<Line>(
  { kept, leftOut }: Lines<Line>,
  left: number,
  lengthOf: (line: Line) => number,
): { lines: Lines<Line>; left: number } {
  let remaining = left;
  const count = kept.findIndex((line) => {
    remaining -= lengthOf(line);
    return remaining < 0;
  });
  if (count < 0) return { lines: { kept, leftOut }, left: remaining };
  return { lines: { kept: kept.slice(0, count), leftOut: leftOut + kept.length - count }, left: 0 };
}
