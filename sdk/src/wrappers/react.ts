/**
 * React: `<GoSightProvider config={…}>` around the application, `useGoSight()` in its components. There is one GoSight per page, so nothing
 * hangs on the tree: what unmounts stops nothing, and a tree rendered on the server starts nothing.
 */
import { type ReactNode, useInsertionEffect } from 'react';
import { type Config, GoSight, type GoSightApi } from '../index.js';

export interface GoSightProviderProps {
  /** Read once, when the provider mounts. */
  config: Config;
  children?: ReactNode;
}

/**
 * Starts collecting as the tree mounts. Mounted again, as StrictMode does, it goes on.
 * @example
 * ```tsx
 * import { createRoot } from 'react-dom/client';
 * import { GoSightProvider } from '@gosight/sdk/react';
 *
 * createRoot(document.body).render(
 *   <GoSightProvider config={{ projectKey: 'YOUR_PROJECT_KEY', endpoint: 'https://gosight.example' }}>
 *     <h1>Shop</h1>
 *   </GoSightProvider>,
 * );
 * ```
 */
export function GoSightProvider({ config, children }: GoSightProviderProps): ReactNode {
  // Before the effects of any child, which may call `useGoSight()` already.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a configuration is for the page's life.
  useInsertionEffect(() => GoSight.init(config), []);
  return children;
}

/**
 * The methods of GoSight, for effects and handlers; the same object in every render.
 * @example
 * ```tsx
 * import { useGoSight } from '@gosight/sdk/react';
 *
 * export function Buy() {
 *   const gosight = useGoSight();
 *   return <button onClick={() => gosight.track('plan_chosen', { plan: 'pro' })}>Buy</button>;
 * }
 * ```
 */
export function useGoSight(): GoSightApi {
  return GoSight;
}
