/** What goes into a page's head. */
export function scriptSnippet(origin: string, key: string): string {
  return `<script async src="${origin}/sdk.js"\n        data-project-key="${key}"></script>`;
}

/** The methods of the SDK, in its order. */
const METHODS =
  'init identify group track setCustomAttributes getSessionId getUserId startNewSession pause resume isPaused flush optOut optIn hasOptedOut reset getVersion startReplay stopReplay';

/** For a page that calls GoSight: the script comes when it comes, and calls until then wait for it. */
export function callsSnippet(origin: string, key: string): string {
  return `<script>
  window.GoSight = { q: [] };
  for (const name of '${METHODS}'.split(' '))
    GoSight[name] = (...args) => void GoSight.q.push([name, ...args]);
</script>
${scriptSnippet(origin, key)}`;
}

export function packageSnippet(origin: string, key: string): string {
  return `import { GoSight } from '@gosight/sdk';

GoSight.init({
  projectKey: '${key}',
  endpoint: '${origin}',
});`;
}
