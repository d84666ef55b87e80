/** Midnight in the project's zone, or in the browser's when it has none, ends a session. Until the settings come none is seen. */
import { onNewDay, options } from './core.js';

/** In every zone a day begins with a quarter of an hour: within one there is no need to ask the calendar, which costs as much as an event. */
const QUARTER_MS = 900_000;

export function startDays(): void {
  let zone: string | undefined;
  let days: Intl.DateTimeFormat | undefined;
  onNewDay((sinceMs) => {
    const { settings } = options;
    const now = Date.now();
    if (!settings || !((now / QUARTER_MS) ^ (sinceMs / QUARTER_MS))) return;
    const timeZone = settings.timezone || undefined;
    if (!days || timeZone !== zone) {
      zone = timeZone;
      days = new Intl.DateTimeFormat('en', { timeZone, dateStyle: 'short' });
    }
    return days.format(now) !== days.format(sinceMs);
  });
}
