/** Vue: `app.use(createGoSight({ projectKey: '…' }))`, then `useGoSight()` in a setup, or `$gosight` in a template. On a server it starts nothing. */
import type { Plugin } from 'vue';
import { type Config, GoSight, type GoSightApi } from '../index.js';

declare module 'vue' {
  interface ComponentCustomProperties {
    $gosight: GoSightApi;
  }
}

/**
 * The plugin: starts collecting as it is used. A second application on the page goes on with what the first began.
 * @example
 * ```ts
 * import { createApp } from 'vue';
 * import { createGoSight } from '@gosight/sdk/vue';
 *
 * const app = createApp({ template: `<button @click="$gosight.track('plan_chosen')">Buy</button>` });
 * app.use(createGoSight({ projectKey: 'YOUR_PROJECT_KEY', endpoint: 'https://gosight.example' })).mount('#app');
 * ```
 */
export function createGoSight(config: Config): Plugin {
  return {
    install(app) {
      app.config.globalProperties.$gosight = GoSight;
      if (typeof window !== 'undefined') GoSight.init(config);
    },
  };
}

/**
 * The methods of GoSight, in a `setup`; there is one per page.
 * @example
 * ```ts
 * import { useGoSight } from '@gosight/sdk/vue';
 *
 * export function useCheckout() {
 *   const gosight = useGoSight();
 *   return { choose: (plan: string) => gosight.track('plan_chosen', { plan }) };
 * }
 * ```
 */
export function useGoSight(): GoSightApi {
  return GoSight;
}
