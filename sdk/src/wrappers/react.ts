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

/** Starts collecting as the tree mounts. Mounted again, as StrictMode does, it goes on. */
export function GoSightProvider({ config, children }: GoSightProviderProps): ReactNode {
  // Before the effects of any child, which may call `useGoSight()` already.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a configuration is for the page's life.
  useInsertionEffect(() => GoSight.init(config), []);
  return children;
}

/** The methods of GoSight, for effects and handlers; the same object in every render. */
export function useGoSight(): GoSightApi {
  return GoSight;
}
