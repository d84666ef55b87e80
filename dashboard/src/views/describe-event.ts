import type { SessionEvent } from '@/api/types';
import { duration } from '@/format/format';
import type { Dictionary } from '@/text/en';

export type EventTone = 'plain' | 'page' | 'action' | 'error' | 'quiet';

export interface Description {
  title: string;
  /** What it happened to: an element's text, a path, a message. */
  detail: string;
  tone: EventTone;
}

/** Every type of event. */
export const TONES: Record<string, EventTone> = {
  page_view: 'page',
  session_start: 'quiet',
  session_end: 'quiet',
  page_exit: 'quiet',
  page_hidden: 'quiet',
  page_visible: 'quiet',
  mouse_move: 'quiet',
  mouse_enter: 'quiet',
  mouse_leave: 'quiet',
  scroll: 'quiet',
  scroll_milestone: 'quiet',
  dom_mutation: 'quiet',
  memory: 'quiet',
  long_task: 'quiet',
  page_load: 'quiet',
  web_vitals: 'quiet',
  network_activity: 'quiet',
  window_resize: 'quiet',
  replay_chunk: 'quiet',
  input_focus: 'quiet',
  input_blur: 'quiet',
  click: 'action',
  dblclick: 'action',
  form_submit: 'action',
  custom_event: 'action',
  identify: 'action',
  js_error: 'error',
  unhandled_rejection: 'error',
  resource_error: 'error',
  console_error: 'error',
  form_error: 'error',
  context_menu: 'plain',
  input_change: 'plain',
  form_start: 'plain',
  form_abandon: 'plain',
  xhr_request: 'plain',
  fetch_request: 'plain',
  websocket_open: 'plain',
  websocket_close: 'plain',
  websocket_error: 'plain',
  media_play: 'plain',
  media_pause: 'plain',
  media_seek: 'plain',
  media_complete: 'plain',
  media_error: 'plain',
  copy: 'plain',
  cut: 'plain',
  paste: 'plain',
  text_select: 'plain',
  orientation_change: 'plain',
  group: 'plain',
};

export function toneOf(type: string): EventTone {
  return TONES[type] ?? 'plain';
}

/** The devices that have a word in every language. */
const DEVICES = ['desktop', 'tablet', 'mobile'] as const;

export function deviceName(type: string, text: Dictionary): string {
  const device = DEVICES.find((name) => name === type);
  return device ? text.heatmaps[device] : type;
}

type Payload = Record<string, unknown>;

function textOf(payload: Payload, name: string): string {
  const value = payload[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function targetOf(event: SessionEvent): string {
  const target = (event.payload?.target ?? {}) as Payload;
  const words = event.text || textOf(target, 'text');
  const name = event.name || textOf(target, 'name') || event.selector || textOf(target, 'selector');
  return words ? `“${words}”` : name;
}

function requestOf(payload: Payload): string {
  const took = Number(payload.duration_ms);
  const parts = [textOf(payload, 'method'), textOf(payload, 'url'), textOf(payload, 'status')];
  if (Number.isFinite(took)) parts.push(duration(took));
  return parts.filter(Boolean).join(' ');
}

const VITALS = [
  ['lcp_ms', 'LCP'],
  ['inp_ms', 'INP'],
  ['fcp_ms', 'FCP'],
  ['ttfb_ms', 'TTFB'],
  ['load_ms', 'load'],
] as const;

function timesOf(payload: Payload): string {
  return VITALS.filter(([name]) => Number(payload[name]) > 0)
    .map(([name, word]) => `${word} ${duration(Number(payload[name]))}`)
    .join(', ');
}

function detailOf(event: SessionEvent): string {
  const payload = event.payload ?? {};
  switch (event.type) {
    case 'page_view':
      return event.path;
    case 'scroll':
      return payload.depth_percent === undefined ? '' : `${textOf(payload, 'depth_percent')} %`;
    case 'scroll_milestone':
      return `${textOf(payload, 'percent')} %`;
    case 'js_error':
    case 'console_error':
    case 'form_error':
      return textOf(payload, 'message');
    case 'unhandled_rejection':
      return textOf(payload, 'reason');
    case 'resource_error':
    case 'websocket_open':
    case 'websocket_close':
    case 'websocket_error':
      return textOf(payload, 'url');
    case 'media_play':
    case 'media_pause':
    case 'media_seek':
    case 'media_complete':
    case 'media_error':
      return textOf(payload, 'src');
    case 'orientation_change':
      return textOf(payload, 'orientation');
    case 'group':
      return textOf(payload, 'group_id');
    case 'xhr_request':
    case 'fetch_request':
      return requestOf(payload);
    case 'page_load':
    case 'web_vitals':
      return timesOf(payload);
    case 'custom_event':
      return textOf(payload, 'name');
    case 'identify':
      return textOf(payload, 'user_id');
    case 'form_start':
    case 'form_submit':
    case 'form_abandon':
      return textOf(payload, 'form');
    case 'window_resize':
      return `${textOf(payload, 'width')} × ${textOf(payload, 'height')}`;
    case 'long_task':
      return duration(Number(payload.duration_ms ?? 0));
    default:
      return targetOf(event);
  }
}

/** An event as a line of the timeline: what the visitor did, and to what. */
export function describeEvent(event: SessionEvent, text: Dictionary): Description {
  return {
    title: text.events[event.type] ?? event.type,
    detail: detailOf(event),
    tone: toneOf(event.type),
  };
}
