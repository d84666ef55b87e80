/** The contract as protobufjs reads it from the .proto files: what the tests decode with. */
import { existsSync } from 'node:fs';
import protobuf from 'protobufjs';
import type { EventType, Payloads } from '../src/events.js';

const PROTO = `${import.meta.dirname}/../../proto/proto/`;

const root = new protobuf.Root();
// google/protobuf/struct.proto comes with protobufjs.
root.resolvePath = (_origin, target) => (existsSync(PROTO + target) ? PROTO + target : target);
root.loadSync(['gosight/v1/events.proto', 'gosight/v1/ingest.proto'], { keepCase: true });

type Intersection<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer I) => void ? I : never;

/** Every payload at once: a test knows which one it looks at. */
type AnyPayload = Intersection<Payloads[EventType]>;

export interface DecodedEvent {
  id: string;
  type: string;
  timestamp_ms: number;
  page: { url: string; path: string; title: string; referrer: string; view_id: string; query: Record<string, string> };
  payload: AnyPayload;
}

export interface DecodedBatch {
  project_key: string;
  sent_at_ms: number;
  sdk_name: string;
  sdk_version: string;
  visitor_id: string;
  session_id: string;
  user_id: string;
  settings_version: string;
  attributes: Record<string, string>;
  device: Record<string, string | number>;
  events: DecodedEvent[];
}

export const message = (name: string): protobuf.Type => root.lookupType(`gosight.v1.${name}`);

export function decode(bytes: Uint8Array): DecodedBatch {
  const type = message('EventBatch');
  const batch = type.toObject(type.decode(bytes), { longs: Number, defaults: true, oneofs: true });
  const events = batch.events.map(({ id, timestamp_ms, page, payload, ...rest }: Record<string, unknown>) => ({
    id,
    timestamp_ms,
    page: batch.pages[page as number],
    type: payload,
    payload: rest[payload as string],
  }));
  return { ...batch, events } as DecodedBatch;
}
