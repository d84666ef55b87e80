/** Numbers and times as people read them. Pure: the language and the zone come in as arguments or are the browser's. */

export function count(value: number, language: string): string {
  if (Math.abs(value) < 10_000) return new Intl.NumberFormat(language).format(Math.round(value));
  return new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 }).format(value);
}

/** A percentage already in percent, such as 41.3. */
export function percent(value: number, language: string): string {
  const digits = Math.abs(value) < 10 && value !== 0 ? 1 : 0;
  const number = new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${number.format(value)} %`;
}

/** `0:42`, `12:05`, `1:02:09`. */
export function clock(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const seconds = String(total % 60).padStart(2, '0');
  const minutes = Math.floor(total / 60) % 60;
  const hours = Math.floor(total / 3600);
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`;
}

/** `480 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `88 B`, `15 kB`, `1.2 MB`. */
export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  return value < 1_000_000 ? `${Math.round(value / 1000)} kB` : `${(value / 1_000_000).toFixed(1)} MB`;
}

export function timeOfDay(iso: string, language: string): string {
  return new Intl.DateTimeFormat(language, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).format(new Date(iso));
}

const DAY_MS = 86_400_000;

/** The time alone today, the day with it before. */
export function moment(iso: string, nowMs: number, language: string): string {
  const isRecent = nowMs - Date.parse(iso) < DAY_MS / 2;
  if (isRecent) return timeOfDay(iso, language);
  return new Intl.DateTimeFormat(language, {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(new Date(iso));
}

/** A country's name for its two letters; anything else stays as it is. */
export function countryName(code: string, language: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return code;
  try {
    return new Intl.DisplayNames([language], { type: 'region' }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** Where somebody is, as far as that is known. */
export function placeName({ city, country }: { city: string; country: string }, language: string): string {
  return [city, countryName(country, language)].filter(Boolean).join(', ');
}

/** The first characters of an id: enough to tell rows apart. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}
