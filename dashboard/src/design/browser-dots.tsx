/** What tells the frame of a browser. */
export function BrowserDots() {
  return (
    <span aria-hidden="true" className="flex gap-1.5">
      {['a', 'b', 'c'].map((dot) => (
        <span key={dot} className="size-2 rounded-full bg-edge/40" />
      ))}
    </span>
  );
}
