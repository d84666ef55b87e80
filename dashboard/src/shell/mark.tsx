/** The product's mark: a session, and where it hurt. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" className="shrink-0">
      <rect x="1" y="8" width="8" height="8" rx="2.500" fill="var(--accent)" />
      <rect x="10" y="8" width="5" height="8" rx="1" fill="var(--second)" />
      <rect x="16" y="8" width="7" height="8" rx="2.500" fill="var(--accent)" opacity="0.65" />
      <rect x="11.500" y="3" width="2.500" height="18" rx="1.250" fill="var(--heat-3)" />
    </svg>
  );
}
