/** A bar whose warmth grows with its length. */
export function HeatBar({ share, className = '' }: { share: number; className?: string }) {
  const width = Math.max(0, Math.min(1, share));
  return (
    <span aria-hidden="true" className={`block h-1.5 overflow-hidden rounded-full bg-sunken ${className}`}>
      <span
        className="block h-full rounded-full transition-[width]"
        style={{
          width: `${width * 100}%`,
          background: 'linear-gradient(90deg, var(--heat-1), var(--heat-2), var(--heat-3), var(--heat-4))',
          backgroundSize: `${width > 0 ? 100 / width : 100}% 100%`,
        }}
      />
    </span>
  );
}
