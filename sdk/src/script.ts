/** The script tag: takes over from the queueing stub, and starts from the tag's own `data-` attributes when it has a project key. */
import { GoSight } from './client.js';
import type { Config } from './config.js';
import { loadBeside } from './core.js';
import { guard, report } from './guard.js';

type Call = [name: string, ...args: unknown[]];

guard(() => {
  const script = document.currentScript as HTMLScriptElement | null;
  const host = window as unknown as { GoSight?: { q?: unknown } };
  const waiting = (host.GoSight?.q ?? []) as Iterable<Call>;
  const { src } = script ?? {};
  const endpoint = src ? new URL(src).origin : '';
  if (src) loadBeside(src);
  const call = guard(([name, ...args]: Call) => {
    const method = (api as unknown as Record<string, ((...args: unknown[]) => unknown) | undefined>)[name];
    if (method) method(...args);
    else report('unknown_method', name);
  });
  const api = { ...GoSight, init: (config: Config) => GoSight.init({ endpoint, ...config }), q: { push: call } };
  host.GoSight = api;
  // The values are strings, and strings serve: 'required', 'frugal', '60000'.
  if (script?.dataset.projectKey) api.init({ ...script.dataset } as unknown as Config);
  for (const entry of waiting) call(entry);
})();
