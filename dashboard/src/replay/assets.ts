/** The pictures and fonts a recording kept: what address they had, and where their bytes are in memory now. */

import { callRaw } from '@/api/client';
import { pictureOf } from './drawing';

/** More than this in memory, and what comes is shown as a placeholder. */
const BYTES_MAX = 96 * 1024 * 1024;
const FETCHES_MAX = 4;
/** Addresses remembered because they were asked for in vain. */
const MISSED_MAX = 2_000;
/** Types that hold no code. */
const TYPES = /^(?:image\/(?:avif|bmp|gif|jpe?g|png|webp)|font\/[a-z0-9]+|application\/(?:x-)?font-[a-z0-9-]+)$/;

export class Assets {
  private readonly digests = new Map<string, string>();
  /** By digest; null when the bytes are not to be had. */
  private readonly addresses = new Map<string, string | null>();
  private readonly wanted = new Set<string>();
  /** Addresses that were asked for in vain. */
  private readonly missed = new Set<string>();
  private readonly aborter = new AbortController();
  private fetching = 0;
  private bytes = 0;

  /** `onArrived` is called when something that was asked for in vain has come, and nothing else is on its way. */
  constructor(
    private readonly path: string,
    private readonly onArrived: () => void,
  ) {}

  /** What a recording says of its assets; they are fetched at once, for they are on the page that is shown next. */
  learn(assets: readonly { url: string; digest: string }[]): void {
    for (const { url, digest } of assets) {
      if (this.digests.has(url)) continue;
      this.digests.set(url, digest);
      if (!this.addresses.has(digest)) this.wanted.add(digest);
    }
    this.fetchMore();
  }

  /** An address in memory, or null: not kept, or not here yet. */
  readonly addressOf = (url: string): string | null => {
    const address = this.addresses.get(this.digests.get(url) ?? '') ?? null;
    if (address === null && this.missed.size < MISSED_MAX) this.missed.add(url);
    return address;
  };

  dispose(): void {
    this.aborter.abort();
    for (const address of this.addresses.values()) if (address) URL.revokeObjectURL(address);
  }

  private fetchMore(): void {
    for (const digest of this.wanted) {
      if (this.fetching >= FETCHES_MAX) return;
      this.wanted.delete(digest);
      if (this.bytes < BYTES_MAX) void this.fetchOne(digest);
    }
  }

  /** A picture that cannot be had is a placeholder, not a failure of the player. */
  private async fetchOne(digest: string): Promise<void> {
    this.fetching += 1;
    this.addresses.set(digest, null);
    const blob = await callRaw(`${this.path}/${digest}`, { signal: this.aborter.signal })
      .then((response) => response.blob())
      .catch(() => null);
    if (this.aborter.signal.aborted) return;
    const address = blob && (await this.keep(blob).catch(() => null));
    this.fetching -= 1;
    this.addresses.set(digest, address);
    this.fetchMore();
    if (this.fetching > 0) return;
    const found = [...this.missed].filter((url) => this.addresses.get(this.digests.get(url) ?? ''));
    for (const url of found) this.missed.delete(url);
    if (found.length > 0) this.onArrived();
  }

  private async keep(blob: Blob): Promise<string | null> {
    const picture = blob.type === 'image/svg+xml' ? pictureOf(await blob.text()) : null;
    this.bytes += picture?.length ?? blob.size;
    return TYPES.test(blob.type) ? URL.createObjectURL(blob) : picture;
  }
}
