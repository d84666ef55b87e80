/**
 * A protobuf writer that needs no schema: a message is an object whose keys stand in the order of its field numbers, and a value's kind is
 * told by its JavaScript type, else by its name. Nothing may reorder such an object, so payloads are sealed; test/protobuf.test.ts compares
 * the keys of every event with the .proto files.
 */

/** Longer strings are cut: the server's limits of one string and one stack. */
const STRING_MAX = 1024;
const STACK_MAX = 8192;

const DOUBLE = /^(cls|velocity|number)$|_(s|ratio)$/;
/** The first two are of texts, the others of values of a page's own. */
const MAP = /^(query|attributes|properties|traits)$/;
/** The oneof of `google.protobuf.Value` in the order of its field numbers; null is an object. */
export const VALUE_TYPES = ['object', 'number', 'string', 'boolean'];

const FIXED64 = 1;
const LENGTH_DELIMITED = 2;

const utf8 = new TextEncoder();

function append(out: number[], bytes: Iterable<number>): void {
  for (const byte of bytes) out.push(byte);
}

export function varint(out: number[], value: number): void {
  let length = 0;
  let rest = value;
  // A negative integer takes ten bytes of two's complement.
  while (rest > 127 || (value < 0 && ++length < 10)) {
    out.push((rest & 127) | 128);
    rest = Math.floor(rest / 128);
  }
  out.push(value < 0 ? 1 : rest);
}

export function delimited(out: number[], number: number, bytes: number[] | Uint8Array): void {
  varint(out, number * 8 + LENGTH_DELIMITED);
  varint(out, bytes.length);
  append(out, bytes);
}

/** A field of a oneof is told even when it holds a default. */
function oneofOf(item: unknown): number[] {
  const out: number[] = [];
  field(out, VALUE_TYPES.indexOf(typeof item) + 1, typeof item, item ?? 0);
  return out;
}

function field(out: number[], number: number, name: string, item: unknown): void {
  if (typeof item === 'string') delimited(out, number, utf8.encode(item.slice(0, name === 'stack' ? STACK_MAX : STRING_MAX)));
  else if (Array.isArray(item)) for (const one of item) field(out, number, name, one);
  else if (MAP.test(name)) {
    for (const [key, value] of Object.entries(item as object)) {
      delimited(out, number, encode({ key, value: /^[qa]/.test(name) ? value : new Uint8Array(oneofOf(value)) }));
    }
  } else if (typeof item === 'object') delimited(out, number, item instanceof Uint8Array ? item : encode(item as object));
  else if (DOUBLE.test(name)) {
    varint(out, number * 8 + FIXED64);
    append(out, new Uint8Array(new Float64Array([item as number]).buffer));
  } else {
    varint(out, number * 8);
    varint(out, Math.round(Number(item)));
  }
}

/** The bytes of a message. Defaults, and what is no number, are left out, as proto3 does. */
export function encode(message: object): number[] {
  const out: number[] = [];
  Object.entries(message).forEach(([name, item], index) => {
    if (item && item !== Infinity) field(out, index + 1, name, item);
  });
  return out;
}
