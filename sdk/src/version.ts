declare const SDK_VERSION: string;

/** From package.json, at build time. */
export const version: string = SDK_VERSION;
