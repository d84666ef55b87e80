/** The shapes of the API's answers, as the dashboard reads them. */

export type Role = 'owner' | 'admin' | 'member' | 'viewer';

export type InsightType = 'rage_click' | 'dead_click' | 'error_click' | 'thrashed_cursor' | 'u_turn' | 'slow_page';

/** What a mark on a session's ribbon stands for. */
export type MarkType = InsightType | 'error';

/** Time is ISO 8601 in UTC with milliseconds, so that text order is time order. */
export type Iso = string;

export interface User {
  id: string;
  email: string;
  name?: string | null;
}

export interface Project {
  id: string;
  name: string;
  slug: string;
  role: Role;
  sessions_today: number;
  events_today: number;
  timezone?: string;
  allowed_domains?: string[];
  settings?: ProjectSettings;
}

export interface ProjectSettings {
  insights?: {
    rage_click?: { min_clicks?: number; window_ms?: number; radius_px?: number };
    dead_click?: { window_ms?: number };
    error_click?: { window_ms?: number };
  };
  privacy?: { ip?: 'keep' | 'truncate' | 'hash' | 'drop'; respect_do_not_track?: boolean };
  [name: string]: unknown;
}

export interface Session {
  id: string;
  visitor_id: string;
  user_id: string | null;
  started_at: Iso;
  ended_at: Iso;
  duration_ms: number;
  entry_path: string;
  exit_path: string;
  page_count: number;
  event_count: number;
  click_count: number;
  error_count: number;
  rage_click_count: number;
  dead_click_count: number;
  error_click_count: number;
  max_scroll_percent: number;
  is_bounce: boolean;
  has_replay: boolean;
  device_type: string;
  browser: string;
  os: string;
  country: string;
  city: string;
  utm_source: string;
  utm_medium: string;
  utm_campaign: string;
  referrer_domain: string;
  /** The ribbon, as offsets from `started_at`: the pages, where it hurt, when the tab was hidden; each in time order. */
  pages: { offset_ms: number; path: string }[];
  marks: { offset_ms: number; type: MarkType }[];
  hidden: { offset_ms: number; duration_ms: number }[];
}

export interface SessionEvent {
  id: string;
  session_id: string;
  type: string;
  timestamp: Iso;
  path: string;
  url: string;
  selector?: string;
  name?: string;
  text?: string;
  payload: Record<string, unknown> | null;
}

export interface Insight {
  id: string;
  type: InsightType;
  session_id: string;
  path: string;
  url: string;
  selector: string;
  name?: string;
  text?: string;
  timestamp: Iso;
  details: Record<string, unknown>;
}

export type InsightCounts = Partial<Record<InsightType, number>>;

export interface Hotspot {
  path: string;
  selector: string;
  rage_click: number;
  dead_click: number;
  error_click: number;
}

export interface Insights {
  summary: InsightCounts;
  hotspots: Hotspot[];
  insights: Insight[];
}

export interface Summary {
  sessions: number;
  visitors: number;
  pageviews: number;
  /** In percent; none without sessions. */
  bounce_rate: number | null;
  avg_duration_ms: number | null;
  struggling_sessions?: number;
  sessions_change?: number | null;
  visitors_change?: number | null;
  pageviews_change?: number | null;
  bounce_rate_change?: number | null;
  avg_duration_ms_change?: number | null;
  struggling_sessions_change?: number | null;
}

export interface SeriesPoint {
  time: Iso;
  sessions: number;
  visitors: number;
  pageviews: number;
}

export interface TopPage {
  path: string;
  views: number;
  avg_time_ms: number;
}

/** A row of a top list; which of the names is used depends on the list. */
export interface TopRow {
  value: string;
  sessions: number;
}

export interface Overview {
  summary: Summary;
  series: SeriesPoint[];
  top_pages: TopPage[];
  top_referrers: TopRow[];
  countries: TopRow[];
  devices: TopRow[];
  browsers: TopRow[];
  entry_pages: TopRow[];
  exit_pages: TopRow[];
  insights: InsightCounts;
}

export interface Cell {
  x: number;
  y: number;
  count: number;
  rage: number;
  dead: number;
}

export interface HeatElement {
  selector: string;
  name: string;
  text: string;
  clicks: number;
  rage: number;
  dead: number;
}

export interface Heatmap {
  cells: Cell[];
  cell_px: number;
  views: number;
  elements: HeatElement[];
}

export interface ScrollDepth {
  views: number;
  reached: { percent: number; views: number }[];
}

export interface HeatmapPage {
  path: string;
  views: number;
  clicks: number;
}

export interface Key {
  id: string;
  name: string;
  prefix: string;
  permissions: string[];
  created_at: Iso;
  revoked_at?: Iso;
}

export interface Member {
  user_id: string;
  email: string;
  name?: string | null;
  role: Role;
}

export interface Invitation {
  id: string;
  email: string;
  role: Role;
  expires_at: Iso;
  token?: string;
}

export type Metric =
  | 'sessions'
  | 'pageviews'
  | 'errors'
  | 'error_rate'
  | 'rage_clicks'
  | 'dead_clicks'
  | 'error_clicks'
  | 'avg_lcp'
  | 'avg_ttfb'
  | 'bounce_rate';

export type Operator = '>' | '>=' | '<' | '<=' | '==';
export type Window = '1m' | '5m' | '15m' | '1h';
export type Dimension = 'path' | 'browser' | 'country' | 'device';

export interface Channel {
  type: 'telegram' | 'webhook';
  chat_id?: number;
  name?: string;
  url?: string;
  secret?: string;
}

export interface RuleBody {
  name: string;
  kind: 'threshold';
  metric: string;
  operator: Operator;
  threshold: number;
  window: Window;
  group_by: Dimension | null;
  filters: { dimension: Dimension; value: string }[];
  channels: Channel[];
  cooldown_minutes: number;
  is_active: boolean;
}

export interface Rule extends RuleBody {
  id: string;
  is_firing?: boolean;
}

export interface AlertTransition {
  id: string;
  rule_id: string;
  rule_name?: string | null;
  state: 'fired' | 'resolved';
  group: string;
  value: number | null;
  threshold: number | null;
  time: Iso;
  session_ids: string[];
  deliveries?: { channel: string; recipient?: string; state: string }[];
}

/** What became of a test message to one channel. */
export interface TestResult {
  channel: string;
  recipient: string;
  is_sent: boolean;
  error?: string;
}

export interface TelegramChat {
  chat_id: number;
  title: string;
  is_subscribed: boolean;
}

export interface TelegramLink {
  code: string;
  /** Opens the bot with the code filled in. */
  url: string;
  bot: string;
  qr_svg: string;
  expires_at: Iso;
}
