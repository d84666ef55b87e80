/** Cuts events into encoded batches. A batch carries once what its events share; each fits a beacon. */
import { options } from './config.js';
import type { AnyEvent, GoSightEvent, Page } from './events.js';
import { report } from './guard.js';
import { delimited, encode } from './protobuf.js';
import { kinds } from './schema.js';
import { type Identity, identity } from './session.js';
import { version } from './version.js';

export interface Batch {
  /** An EventBatch without `sent_at_ms`, which belongs to the moment of sending. */
  bytes: Uint8Array<ArrayBuffer>;
  events: number;
}

/** Beacons and keepalive requests share 64 KiB in flight. */
const BATCH_BYTES_MAX = 60_000;
/** A page context and an event's own fields. */
const RESERVE_BYTES = 8000;
/** The server takes no more. */
const PAGES_MAX = 100;
/** What is left for one event. */
const EVENT_BYTES_MAX = BATCH_BYTES_MAX - RESERVE_BYTES;

const PAGES = 10;
const EVENTS = 11;

export const attributes: Record<string, string> = {};

/** Asked once: it costs as much as an event. */
const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;

function head({ visitor, session, user }: Identity): number[] {
  return encode({
    project_key: options.projectKey,
    sent_at_ms: 0,
    sdk_name: 'gosight-web',
    sdk_version: version,
    visitor_id: visitor,
    session_id: session,
    user_id: user,
    device: {
      user_agent: navigator.userAgent,
      language: navigator.language,
      timezone,
      screen_width: screen.width,
      screen_height: screen.height,
      viewport_width: innerWidth,
      viewport_height: innerHeight,
      device_pixel_ratio: devicePixelRatio,
    },
    attributes,
    pages: 0,
    events: 0,
    // Whoever says that it has none is told them with the answer.
    settings_version: options.settings ? options.settings.version : '-',
  });
}

function filtered(event: GoSightEvent): GoSightEvent | false | null | undefined {
  try {
    return options.hooks.beforeSend ? options.hooks.beforeSend(event as AnyEvent) : event;
  } catch (error) {
    // A filter that fails may have been there to keep something private.
    report('before_send', error);
  }
}

/** Of whoever did it, when that is no longer who does things now. */
export function pack(events: GoSightEvent[], who = identity, eventBytesMax = EVENT_BYTES_MAX): Batch[] {
  const batches: Batch[] = [];
  let out: number[] = [];
  let pages: Page[] = [];
  let count = 0;
  const cut = () => {
    if (count) batches.push({ bytes: new Uint8Array(out), events: count });
    count = 0;
  };
  for (const given of events) {
    const { id, timestamp_ms, page, type, payload } = (filtered(given) || {}) as GoSightEvent;
    // Nothing, or a promise of something.
    if (!payload) continue;
    const body = encode(payload);
    if (pages.length === PAGES_MAX || out.length + body.length > BATCH_BYTES_MAX - RESERVE_BYTES) cut();
    if (body.length > eventBytesMax) {
      report('event_too_large', type);
      continue;
    }
    if (!count++) {
      out = head(who);
      pages = [];
    }
    if (!pages.includes(page)) {
      pages.push(page);
      delimited(out, PAGES, encode(page));
    }
    const event = encode({ id, timestamp_ms, page: pages.indexOf(page) });
    delimited(event, kinds[type]?.fieldNumber as number, body);
    delimited(out, EVENTS, event);
  }
  cut();
  return batches;
}
