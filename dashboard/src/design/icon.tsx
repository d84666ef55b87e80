/** 16 px line icons, drawn here: one path each, coloured by the text around them. */

const PATHS = {
  overview: 'M2.5 13.5v-5m3.7 5v-9m3.6 9V7m3.7 6.5v-11',
  live: 'M8 8h.01M5.2 10.8a4 4 0 0 1 0-5.6m5.6 0a4 4 0 0 1 0 5.6M3 13a7 7 0 0 1 0-10m10 0a7 7 0 0 1 0 10',
  sessions: 'M2 5.5h5m2 0h5M2 10.5h8m2 0h2M6 3.5v4m5 1v4',
  insights: 'M8 2.5 14 13H2L8 2.5Zm0 4.2v2.8m0 1.8h.01',
  heatmaps: 'M2.5 2.5h11v11h-11zM6.2 2.5v11M2.5 6.2h11M9.8 6.2v7.3M6.2 9.8h7.3',
  alerts: 'M4 11.5V7a4 4 0 0 1 8 0v4.5M2.5 11.5h11M6.8 14h2.4',
  settings: 'M2 4.5h7m3 0h2M2 11.5h2m3 0h7M9 3v3m-5 4v3',
  chevron: 'm4.5 6.5 3.5 3.5 3.5-3.5',
  left: 'M9.5 4.5 6 8l3.5 3.5',
  right: 'M6.5 4.5 10 8l-3.5 3.5',
  close: 'm4.5 4.5 7 7m0-7-7 7',
  check: 'm3.5 8.5 3 3 6-7',
  copy: 'M5.5 5.5h7v8h-7zM3.5 10.5v-8h7',
  plus: 'M8 3.5v9M3.5 8h9',
  filter: 'M2.5 4h11M4.5 8h7m-4.5 4h2',
  arrow: 'M3 8h10M9.5 4.5 13 8l-3.5 3.5',
  fault: 'M5.2 2.5h5.6l2.7 2.7v5.6l-2.7 2.7H5.2l-2.7-2.7V5.2L5.2 2.5ZM8 5.2v3.3m0 2.2h.01',
  sun: 'M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6Zm0-3.5V3m0 10v1.5M1.5 8H3m10 0h1.5M3.4 3.4l1 1m7.2 7.2 1 1m0-9.2-1 1m-7.2 7.2-1 1',
  moon: 'M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5Z',
  screen: 'M2.5 3.5h11v7h-11zM5.5 13h5',
  phone: 'M5 2.5h6v11H5zM7.5 11.5h1',
  out: 'M6.5 13.5h-4v-11h4M6.5 8h7m-2.5-2.5L13.5 8 11 10.5',
  up: 'M8 12.5v-9M4.5 7 8 3.5 11.5 7',
  down: 'M8 3.5v9M4.5 9 8 12.5 11.5 9',
  fold: 'M2.5 3.5h11v9h-11zM6 3.5v9',
  trash: 'M3 4.5h10M6 4.5v-2h4v2m-5.5 0 .5 9h6l.5-9',
  send: 'm2.5 8 11-5-4 11-2-4.5-5-1.5Z',
  link: 'M6.5 9.5 9.5 6.5M7 5l1.5-1.5a2.5 2.5 0 0 1 4 4L11 9M9 11l-1.5 1.5a2.5 2.5 0 0 1-4-4L5 7',
  recording: 'M2 3.5h12v9H2zM6.7 6v4L10 8Z',
  play: 'M5 3.2 12.5 8 5 12.8Z',
  pause: 'M5.5 3.5v9m5-9v9',
  previous: 'M12 3.5 6.5 8l5.5 4.5ZM4 3.5v9',
  next: 'M4 3.5 9.5 8 4 12.5ZM12 3.5v9',
  widen: 'M2.5 6v-3.5H6M10 2.5h3.5V6m0 4v3.5H10m-4 0H2.5V10',
  narrow: 'M6 2.5V6H2.5M13.5 6H10V2.5m0 11V10h3.5M2.5 10H6v3.5',
  keys: 'M2 4.5h12v7H2zM4.5 7h.01M7 7h.01M9.5 7h.01M12 7h.01M5.5 9.5h5',
  skip: 'M2.5 4 7 8l-4.5 4ZM8 4l4.5 4L8 12Zm5.5 0v8',
  globe: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2Zm0 0c3.5 3.5 3.5 8.5 0 12-3.5-3.5-3.5-8.5 0-12ZM2 8h12',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16, className }: { name: IconName; size?: number; className?: string }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.4}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className={`shrink-0 ${className ?? ''}`}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
