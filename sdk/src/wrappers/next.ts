/**
 * Next.js: `<GoSight projectKey="…" />` in the root layout, once. It is a client component that shows nothing; the core sees the App Router's
 * navigations by itself. Hooks are functions, which no server component can hand over: with them, wrap it in a client component of yours.
 */
import type { ReactNode } from 'react';
import type { Config } from '../index.js';
import { GoSightProvider } from './react.js';

export { useGoSight } from './react.js';

/** Starts collecting as the page hydrates. Its properties are read once. */
export function GoSight(config: Config): ReactNode {
  return GoSightProvider({ config });
}
