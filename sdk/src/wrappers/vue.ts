/** Vue: `app.use(createGoSight({ projectKey: '…' }))`, then `useGoSight()` in a setup, or `$gosight` in a template. On a server it starts nothing. */
import type { Plugin } from 'vue';
import { type Config, GoSight, type GoSightApi } from '../index.js';

declare module 'vue' {
  interface ComponentCustomProperties {
    $gosight: GoSightApi;
  }
}

/** The plugin: starts collecting as it is used. A second application on the page goes on with what the first began. */
export function createGoSight(config: Config): Plugin {
  return {
    install(app) {
      app.config.globalProperties.$gosight = GoSight;
      if (typeof window !== 'undefined') GoSight.init(config);
    },
  };
}

/** The methods of GoSight; there is one per page. */
export function useGoSight(): GoSightApi {
  return GoSight;
}
