/**
 * The shapes of the API's answers, by the names the dashboard uses. They come from the generated schema; where that
 * says `string` and only a few words are meant, they are narrowed here.
 */

import type { components } from './schema';

type Schemas = components['schemas'];
type Narrow<Type, Fields> = Omit<Type, keyof Fields> & Fields;

/** Time is ISO 8601 in UTC with milliseconds, so that text order is time order. */
export type Iso = Schemas['Iso'];

export type Role = 'owner' | 'admin' | 'member' | 'viewer';

export type InsightType = 'rage_click' | 'dead_click' | 'error_click' | 'thrashed_cursor' | 'u_turn' | 'slow_page';

/** What a mark on a ribbon stands for; errors are marked where a session's events are known. */
export type MarkType = InsightType | 'error';

export type User = Schemas['UserView'];
export type Setup = Schemas['SetupView'];

export type Project = Narrow<Schemas['ProjectItem'], { role: Role }>;

/** The part of the settings that the dashboard shows. */
export interface ProjectSettings {
  timezone: string;
  insights: Record<string, Record<string, number>>;
  privacy: { ip: 'keep' | 'truncate' | 'hash' | 'drop'; block_urls: string[]; excluded_fields: string[] };
  sdk: {
    replay_sample_rate: number;
    mask_selectors: string[];
    block_selectors: string[];
    mask_all_text: boolean;
    replay: {
      mode: 'full' | 'trigger' | 'off';
      include_urls: string[];
      exclude_urls: string[];
      /** 0: no end. */
      duration_max_ms: number;
      /** Null: where the page asks for it. */
      canvas: boolean | null;
      images: 'keep' | 'placeholder';
    };
  };
  storage: { replay_days: number };
}

/** What merges into an object: what is absent or undefined stays, null restores the default. */
export type MergePatch<T> = {
  [Name in keyof T]?:
    | (T[Name] extends unknown[] ? T[Name] : T[Name] extends object ? MergePatch<T[Name]> : T[Name])
    | null;
};

export type ProjectDetail = Narrow<Schemas['ProjectView'], { role: Role; settings: ProjectSettings }>;
export type NewProject = Schemas['NewProjectView'];

export type Session = Narrow<
  Omit<Schemas['SessionView'], 'removed'>,
  { user_id?: string | null; marks: { offset_ms: number; type: InsightType }[] }
>;

export type SessionEvent = Narrow<
  Pick<
    Schemas['EventView'],
    'id' | 'session_id' | 'view_id' | 'type' | 'timestamp' | 'path' | 'url' | 'selector' | 'name' | 'text'
  >,
  { payload: Record<string, unknown> | null }
>;

export type Insight = Narrow<Omit<Schemas['InsightView'], 'removed'>, { type: InsightType }>;
export type InsightCounts = Schemas['InsightCounts'];
export type Hotspot = Schemas['HotspotView'];
export type Insights = Narrow<Schemas['InsightsView'], { insights: Insight[] }>;

export type Overview = Schemas['OverviewView'];
export type SeriesPoint = Schemas['SeriesPointView'];
export type TopRow = Schemas['ShareView'];

export type Cell = Schemas['CellView'];
export type HeatElement = Schemas['ElementView'];
export type Heatmap = Schemas['ClickView'];
export type ScrollDepth = Schemas['ScrollView'];
export type HeatmapPage = Schemas['HeatmapPageView'];

/** What there is to play of a session: a recording for each page load and tab, each in chunks of some seconds. */
export type Replay = Schemas['ReplayView'];
export type RunView = Schemas['RunView'];

/** The layouts a page has had, and how it looked in one of them; `node` is rrweb's serialized document. */
export type Backdrops = Schemas['BackdropsView'];
export type Backdrop = Schemas['BackdropView'];

export type Key = Schemas['KeyView'];
export type Member = Narrow<Schemas['MemberView'], { role: Role }>;
export type Invitation = Narrow<Schemas['InvitationView'], { role: Role }>;
export type NewInvitation = Schemas['NewInvitationView'];

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

export type Channel = Narrow<Schemas['ChannelFields'], { type: 'telegram' | 'webhook' }>;

/** A metric may also be `custom_event:NAME`, so it stays a string. */
export type RuleBody = Narrow<
  Schemas['RuleFields'],
  {
    operator: Operator;
    window: Window;
    group_by?: Dimension | null;
    filters: { dimension: Dimension; value: string }[];
    channels: Channel[];
  }
>;
export type Rule = RuleBody & Pick<Schemas['RuleView'], 'id'>;
export type TestResult = Schemas['TestView'];

/** A transition; from the live socket it comes before its messages, and may come after its rule is gone. */
export type AlertTransition = Narrow<
  Pick<Schemas['HistoryView'], 'id' | 'rule_id' | 'group' | 'value' | 'time' | 'session_ids'>,
  {
    state: 'fired' | 'resolved';
    rule_name?: string | null;
    threshold?: number | null;
    deliveries?: Schemas['DeliveryView'][];
  }
>;

export type TelegramLink = Schemas['LinkView'];
export type TelegramChat = Schemas['ChatView'];
export type Token = Schemas['TokenView'];
