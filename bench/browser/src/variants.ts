/** What a page carries while it is measured. */

export const KEY = "bench-browser-0123456789";

export interface Variant {
  name: string;
  /** Goes into the page's head. */
  head: string;
  /** Its scripts, whose time is its own. */
  scripts: string[];
}

const gosight = (mode: "off" | "full") =>
  `<script src="/sdk.js"></script><script>GoSight.init({ projectKey: "${KEY}", replay: { mode: "${mode}" } })</script>`;

/** Serialised, as whoever sends it must, and let go. */
const STOCK = `<script src="/rrweb.js"></script><script>
  window.recorded = { events: 0, chars: 0, snapshots: 0 };
  rrwebRecord.record({
    emit(event) {
      recorded.events += 1;
      recorded.chars += JSON.stringify(event).length;
      if (event.type === 2) recorded.snapshots += 1;
    },
  });
</script>`;

export const VARIANTS = {
  nothing: { name: "nothing", head: "", scripts: [] },
  core: { name: "GoSight, not recording", head: gosight("off"), scripts: ["/sdk.js", "/sdk.more.js"] },
  recorder: {
    name: "GoSight, recording",
    head: gosight("full"),
    scripts: ["/sdk.js", "/sdk.more.js", "/recorder.js"],
  },
  stock: { name: "stock @rrweb/record", head: STOCK, scripts: ["/rrweb.js"] },
} satisfies Record<string, Variant>;

export type VariantId = keyof typeof VARIANTS;

export const isVariant = (id: string | null): id is VariantId => id !== null && id in VARIANTS;
