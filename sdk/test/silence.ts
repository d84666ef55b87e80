const PER_SECOND = 8000;
const FORMAT = [16, 0x10001, PER_SECOND, PER_SECOND, 0x80001];

/** So much of silence, as a WAV file. */
export function silence(ms: number): Buffer {
  const samples = Buffer.alloc((PER_SECOND * ms) / 1000, 128);
  const head = Buffer.alloc(44);
  head.write('RIFF\0\0\0\0WAVEfmt ');
  for (const [i, word] of FORMAT.entries()) head.writeUInt32LE(word, 16 + 4 * i);
  head.write('data', 36);
  head.writeUInt32LE(36 + samples.length, 4);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}
