/** The script tag: takes over from the queueing stub, and starts from the tag's own `data-` attributes when it has a project key. */
import { GoSight } from './client.js';
import type { Config } from './config.js';
import { loadBeside } from './core.js';
import { guard } from './guard.js';

type Method = (...args: unknown[]) => unknown;
type Methods = Record<string, Method | undefined>;
type Call = [name: string, ...args: unknown[]];

guard(() => {
  const script = document.currentScript as HTMLScriptElement | null;
  const host = window as unknown as { GoSight?: { q?: unknown } };
  const waiting = (host.GoSight?.q ?? []) as Iterable<Call>;
  let endpoint = '';
  if (script?.src) {
    endpoint = new URL(script.src).origin;
    loadBeside(script.src);
  }
  // What is no method cannot be called, and is reported as that.
  const call = guard(([name, ...args]: Call): unknown => ((api as unknown as Methods)[name] as Method)(...args));
  const api = { ...GoSight, init: (config: Config) => GoSight.init({ endpoint, ...config }), q: { push: call } };
  host.GoSight = api;
  // The values are strings, and strings serve: 'required', 'frugal', '60000'.
  if (script?.dataset.projectKey) api.init({ ...script.dataset } as unknown as Config);
  for (const entry of waiting) call(entry);
})();
