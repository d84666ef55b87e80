import type { AlertTransition, Cell, HeatElement, Insight, Iso, Session, SessionEvent } from '@/api/types';

export const TOPICS = ['metrics', 'sessions', 'insights', 'alerts', 'events', 'heatmaps'] as const;

/** What changed in this tick; negative where late evidence took something back. */
export interface Delta {
  events: number;
  page_views: number;
  sessions: number;
  bounces: number;
  duration_ms: number;
  errors: number;
  clicks: number;
  rage_clicks: number;
  dead_clicks: number;
  error_clicks: number;
}

export interface LiveMetrics {
  active_sessions: number;
  active_visitors: number;
  events_per_minute: number;
  current_pages: { path: string; sessions: number }[];
  delta: Delta;
}

export type SessionChange = Session & { removed?: boolean };
export type InsightChange = Insight & { removed?: boolean };
export type CellDelta = Cell & { path: string; device: string };
/** Of one cell of an element. */
export type ElementDelta = Omit<HeatElement, 'spots'> & { path: string; device: string; x: number; y: number };

/** Everything one tick changed. A part that nothing changed may be absent. */
export interface Tick {
  type: 'tick';
  tick: number;
  complete_to: Iso;
  metrics?: LiveMetrics;
  sessions?: SessionChange[];
  insights?: InsightChange[];
  alerts?: AlertTransition[];
  events?: SessionEvent[];
  cells?: CellDelta[];
  elements?: ElementDelta[];
}

export type ServerMessage =
  | { type: 'authenticated' }
  | Tick
  | { type: 'lagged'; missed: number }
  | { type: 'recorded'; session_id: string };

/** Reads a message; null for what this dashboard does not know. */
export function parseMessage(text: string): ServerMessage | null {
  const message = JSON.parse(text) as { type?: string };
  switch (message.type) {
    case 'authenticated':
    case 'tick':
    case 'lagged':
    case 'recorded':
      return message as ServerMessage;
    default:
      return null;
  }
}
