/** What each event type carries, every key in the order of its field number (protobuf.ts). Lengths and times are integers: CSS pixels, percents, milliseconds. */

export interface Rect {
  top: number;
  left: number;
  width: number;
  height: number;
}

export interface Target {
  tag: string;
  id: string;
  /** What looks personal among them is `***`. */
  classes: string;
  /** What is to be read in it, at most 50 characters; never what was typed. */
  text: string;
  href: string;
  /** What the dashboard calls it: a test attribute, the id, a label, the name, the text, else tag and classes. */
  name: string;
  /** ` >>> ` enters a shadow tree or a frame. */
  selector: string;
  /** Those that begin with `data-`. */
  attributes: Record<string, string>;
  rect: Rect;
  looks_interactive: boolean;
  /** Under `data-gosight-ignore-rage`. */
  ignore_rage: boolean;
  /** Why no response to a click is due: selection, download, mailto, new_tab, modified, ignored, text_field; else empty. */
  never_dead: string;
}

export interface Page {
  url: string;
  path: string;
  title: string;
  referrer: string;
  query: Record<string, string>;
  view_id: string;
}

export type Primitive = string | number | boolean | null;
export type Properties = Record<string, Primitive>;

interface Click {
  page_x: number;
  page_y: number;
  viewport_x: number;
  viewport_y: number;
  button: string;
  target: Target;
  pointer_type: string;
  double_tap: boolean;
}
interface Request {
  method: string;
  url: string;
  status: number;
  duration_ms: number;
  request_bytes: number;
  response_bytes: number;
}
interface Media {
  kind: string;
  src: string;
  id: string;
  current_s: number;
  duration_s: number;
  watched_s: number;
}
interface Clipboard {
  target: Target;
  length: number;
}

export interface Payloads {
  page_view: { title: string; path: string; hash: string };
  page_exit: { time_on_page_ms: number; max_scroll_percent: number; next_url: string };
  page_visible: { hidden_ms: number };
  page_hidden: object;
  click: Click;
  dblclick: Click;
  context_menu: Click;
  mouse_move: { positions: { x: number; y: number; offset_ms: number }[] };
  mouse_enter: { target: Target };
  mouse_leave: { target: Target; hover_ms: number };
  scroll: { top: number; depth_px: number; depth_percent: number; page_height: number; direction: string; velocity: number };
  scroll_milestone: { percent: number };
  input_focus: { target: Target };
  input_blur: { target: Target; focus_ms: number; changed: boolean };
  input_change: { target: Target; value_length: number };
  form_start: { form: string; field_count: number };
  form_submit: { form: string; success: boolean; time_to_complete_ms: number; field_count: number; fields_filled: number };
  form_abandon: { form: string; fields_filled: number; field_count: number; last_field: string; time_spent_ms: number };
  form_error: { form: string; field: string; message: string; kind: string };
  js_error: { message: string; stack: string; filename: string; line: number; column: number; error_type: string };
  unhandled_rejection: { reason: string; stack: string };
  resource_error: { url: string; kind: string; status: number };
  console_error: { message: string; stack: string };
  page_load: { ttfb_ms: number; dom_content_loaded_ms: number; load_ms: number; transfer_bytes: number };
  web_vitals: { lcp_ms: number; inp_ms: number; cls: number; fcp_ms: number; ttfb_ms: number; fid_ms: number };
  long_task: { duration_ms: number; attribution: string };
  memory: { used_bytes: number; total_bytes: number };
  xhr_request: Request;
  fetch_request: Request;
  websocket_open: { url: string };
  websocket_close: { url: string; code: number; reason: string; duration_ms: number };
  websocket_error: { url: string };
  network_activity: object;
  media_play: Media;
  media_pause: Media;
  media_seek: Media;
  media_complete: Media;
  media_error: Media;
  copy: Clipboard;
  cut: Clipboard;
  paste: Clipboard;
  text_select: { length: number; target: Target };
  window_resize: { width: number; height: number; previous_width: number; previous_height: number };
  orientation_change: { orientation: string };
  dom_mutation: { count: number };
  custom_event: { name: string; category: string; properties: Properties };
  identify: { user_id: string; traits: Properties };
  group: { group_id: string; traits: Properties };
  session_start: {
    is_new_visitor: boolean;
    entry_url: string;
    utm_source: string;
    utm_medium: string;
    utm_campaign: string;
    utm_term: string;
    utm_content: string;
    referrer_domain: string;
  };
  session_end: { reason: string };
  replay_chunk: {
    index: number;
    first_ms: number;
    last_ms: number;
    event_count: number;
    has_full_snapshot: boolean;
    encoding: string;
    data: Uint8Array;
    recording_id: string;
  };
}

export type EventType = keyof Payloads;

/** One event as `hooks.beforeSend` sees it: change values in place, or return a false value to drop it. */
export interface GoSightEvent<T extends EventType = EventType> {
  /** The same however often the event is sent. */
  readonly id: string;
  readonly type: T;
  timestamp_ms: number;
  /** Shared by the events of one view. */
  page: Page;
  payload: Payloads[T];
}

/** Any event; its `type` tells what `payload` holds. */
export type AnyEvent = { [T in EventType]: GoSightEvent<T> }[EventType];
