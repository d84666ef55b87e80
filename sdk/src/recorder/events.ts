/** rrweb's events, as far as the recorder makes them itself. */

export const DOCUMENT = 0;
export const DOCTYPE = 1;
export const ELEMENT = 2;
export const TEXT = 3;
export const CDATA = 4;

export type Attributes = Record<string, string | number | boolean | null>;

/** A node as it is told. */
export interface Told {
  type: number;
  id: number;
  rootId?: number;
  childNodes?: Told[];
  tagName?: string;
  attributes?: Attributes;
  textContent?: string;
  isSVG?: true;
  isShadow?: true;
  isShadowHost?: true;
  isCustom?: true;
  name?: string;
  publicId?: string;
  systemId?: string;
  compatMode?: string;
}

export interface Add {
  parentId: number;
  nextId: number | null;
  node: Told;
}

export const FULL_SNAPSHOT = 2;
export const INCREMENT = 3;
export const META = 4;
export const CUSTOM = 5;
export const PLUGIN = 6;

/** `data.source` of an increment. */
export const MUTATION = 0;
export const MOUSE_MOVE = 1;
export const MOUSE_INTERACTION = 2;
export const SCROLL = 3;
export const RESIZE = 4;
export const INPUT = 5;
export const TOUCH_MOVE = 6;
export const SHEET_RULE = 8;
export const DRAG = 12;
export const SHEET_DECLARATION = 13;
export const SELECTION = 14;
export const ADOPTED_SHEET = 15;

export interface Recorded {
  type: number;
  timestamp: number;
  data: Record<string, unknown>;
}
