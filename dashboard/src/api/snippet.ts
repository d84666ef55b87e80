/** What goes into a page's head. */
export function scriptSnippet(origin: string, key: string): string {
  return `<script async src="${origin}/sdk.js"\n        data-project-key="${key}"></script>`;
}

export function packageSnippet(origin: string, key: string): string {
  return `import { GoSight } from '@gosight/sdk';

GoSight.init({
  projectKey: '${key}',
  endpoint: '${origin}',
});`;
}
