/** As much of protobuf as it takes to see whether a batch carries a recording: the fields of a message, one after another. */

interface Field {
  number: number;
  value: bigint | Buffer;
}

function* fields(message: Buffer): Generator<Field> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) throw new Error("the message ends inside a number");
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const bytes = (length: number): Buffer => {
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = Number(varint());
    const number = tag >> 3;
    const type = tag & 7;
    if (type === 0) yield { number, value: varint() };
    else if (type === 1) yield { number, value: bytes(8) };
    else if (type === 2) yield { number, value: bytes(Number(varint())) };
    else if (type === 5) yield { number, value: bytes(4) };
    else throw new Error(`no wire type ${type}`);
  }
}

const parts = (message: Buffer, number: number): Buffer[] =>
  [...fields(message)].flatMap((field) =>
    field.number === number && Buffer.isBuffer(field.value) ? [field.value] : [],
  );

const EVENTS = 11;
const REPLAY_CHUNK = 60;
const HAS_FULL_SNAPSHOT = 5;

export interface Chunk {
  hasFullSnapshot: boolean;
}

export interface Batch {
  events: number;
  chunks: Chunk[];
}

export function read(batch: Buffer): Batch {
  const events = parts(batch, EVENTS);
  const chunks = events
    .flatMap((event) => parts(event, REPLAY_CHUNK))
    .map((chunk) => ({
      hasFullSnapshot: [...fields(chunk)].some(({ number, value }) => number === HAS_FULL_SNAPSHOT && value === 1n),
    }));
  return { events: events.length, chunks };
}
