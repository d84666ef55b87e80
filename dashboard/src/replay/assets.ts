/** The pictures and fonts a recording kept: what address they had, and where their bytes are in memory now. */

import { callRaw } from '@/api/client';
import type { Kept } from './clean';
import { pictureOf } from './drawing';

/** More than this in memory, and what comes is shown as a placeholder. */
const BYTES_MAX = 96 * 1024 * 1024;
const FETCHES_MAX = 4;
/** A page that asks for more is not built anew for what comes later. */
const GIVEN_MAX = 2_000;
/** Types that hold no code. */
const TYPES = /^(?:image\/(?:avif|bmp|gif|jpe?g|png|webp)|font\/[a-z0-9]+|application\/(?:x-)?font-[a-z0-9-]+)$/;

export class Assets {
  /**
   * By recording, and there by URL. What an address shows may change from one page load to the next; a page load asks for it once, and may tell of
   * it seconds after it was shown, when another tab has told of it as well: so it counts who told, and not when.
   */
  private readonly digests = new Map<string, Map<string, string>>();
  /** By digest; null when the bytes are not to be had. */
  private readonly addresses = new Map<string, string | null>();
  private readonly wanted = new Set<string>();
  /** What the page that is shown was given at first, by URL. */
  private shown: { recording: string; given: Map<string, string | null> } = { recording: '', given: new Map() };
  private readonly aborter = new AbortController();
  private fetching = 0;
  private bytes = 0;

  /** `onArrived` is called when the page that is shown would be given something else by now, and nothing is on its way. */
  constructor(
    private readonly path: string,
    private readonly onArrived: () => void,
  ) {}

  /** What a recording says of its assets; they are fetched at once, for they are on the page that is shown next. */
  learn(recording: string, assets: readonly { url: string; digest: string }[]): void {
    const known = this.digests.get(recording) ?? new Map<string, string>();
    const news = assets.filter(({ url }) => !known.has(url));
    if (news.length === 0) return;
    this.digests.set(recording, known);
    for (const { url, digest } of news) {
      known.set(url, digest);
      if (!this.addresses.has(digest)) this.wanted.add(digest);
    }
    this.fetchMore();
    this.tellArrived();
  }

  /** Where a page of this recording, which is shown from now on, has its pictures. */
  keptBy(recording: string): Kept {
    const given = new Map<string, string | null>();
    this.shown = { recording, given };
    return (url) => {
      const address = this.addressOf(recording, url);
      if (!given.has(url) && given.size < GIVEN_MAX) given.set(url, address);
      return address;
    };
  }

  dispose(): void {
    this.aborter.abort();
    for (const address of this.addresses.values()) if (address) URL.revokeObjectURL(address);
  }

  /** An address in memory, or null: not kept, or not here yet. A page that was left before it told of a picture has what another page had there. */
  private addressOf(recording: string, url: string): string | null {
    const other = () => [...this.digests.values()].find((digests) => digests.has(url));
    const digest = this.digests.get(recording)?.get(url) ?? other()?.get(url) ?? '';
    return this.addresses.get(digest) ?? null;
  }

  private tellArrived(): void {
    const { recording, given } = this.shown;
    const isOld = () => [...given].some(([url, address]) => this.addressOf(recording, url) !== address);
    if (this.fetching === 0 && isOld()) this.onArrived();
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
    this.tellArrived();
  }

  private async keep(blob: Blob): Promise<string | null> {
    const picture = blob.type === 'image/svg+xml' ? pictureOf(await blob.text()) : null;
    this.bytes += picture?.length ?? blob.size;
    return TYPES.test(blob.type) ? URL.createObjectURL(blob) : picture;
  }
}
