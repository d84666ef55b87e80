/**
 * Next.js: `<GoSight projectKey="…" />` in the root layout, once. It is a client component that shows nothing; the core sees the App Router's
 * navigations by itself. Hooks are functions, which no server component can hand over: with them, wrap it in a client component of yours.
 */
import type { ReactNode } from 'react';
import type { Config } from '../index.js';
import { GoSightProvider } from './react.js';

export { useGoSight } from './react.js';

/**
 * Starts collecting as the page hydrates. Its properties are read once.
 * @example
 * ```tsx
 * // app/layout.tsx
 * import type { ReactNode } from 'react';
 * import { GoSight } from '@gosight/sdk/next';
 *
 * export default function Layout({ children }: { children: ReactNode }) {
 *   return (
 *     <html lang="en">
 *       <body>
 *         <GoSight projectKey="YOUR_PROJECT_KEY" endpoint="https://gosight.example" />
 *         {children}
 *       </body>
 *     </html>
 *   );
 * }
 * ```
 * @example
 * ```tsx
 * // app/gosight.tsx: a client component of yours, for a configuration with functions in it
 * 'use client';
 * import { GoSight } from '@gosight/sdk/next';
 *
 * export const WithHooks = () => (
 *   <GoSight projectKey="YOUR_PROJECT_KEY" endpoint="https://gosight.example" hooks={{ onSessionStart: (id) => console.info(id) }} />
 * );
 * ```
 */
export function GoSight(config: Config): ReactNode {
  return GoSightProvider({ config });
}
