/** The wrappers as an application gets them: by the package's own names, bundled, mounted in Chromium, rendered by Node. */
import { execFileSync } from 'node:child_process';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { complaints, launch } from './browser.js';
import { Capture, KEY } from './capture.js';

const ROOT = new URL('..', import.meta.url).pathname;
const CONFIG = `{ projectKey: '${KEY}', endpoint: location.origin, hooks: { onError: (error) => console.error(error.code, error.message) } }`;

let browser: Browser;
let page: Page;
let server: Capture;
let errors: string[];

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

beforeEach(async () => {
  server = await new Capture().listen();
  page = await browser.newPage();
  errors = complaints(page);
});
afterEach(async () => {
  await page.close();
  await server.close();
});

/** Bundles an application as its own build would, and opens it. */
async function run(application: string, body = ''): Promise<void> {
  const { outputFiles } = await build({
    stdin: { contents: application, resolveDir: ROOT, loader: 'tsx' },
    bundle: true,
    write: false,
    format: 'esm',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"development"', __VUE_OPTIONS_API__: 'true', __VUE_PROD_DEVTOOLS__: 'false' },
    alias: { vue: 'vue/dist/vue.esm-bundler.js' },
  });
  server.pages['/app.js'] = outputFiles[0]?.text ?? '';
  server.pages['/'] = `<!doctype html><title>App</title><div id="root">${body}</div><script type="module" src="/app.js"></script>`;
  await page.goto(server.url);
  await server.event('page_load');
}

const countOf = (type: string) => server.arrivals.filter((arrival) => arrival.type === type).length;

/** What Node prints for a module that renders on a server. */
const onServer = (module: string): string => execFileSync('node', ['--input-type=module', '-e', module], { cwd: ROOT, encoding: 'utf8' });

describe('React', () => {
  const application = `
    import { StrictMode, useLayoutEffect } from 'react';
    import { createRoot } from 'react-dom/client';
    import { GoSightProvider, useGoSight } from '@gosight/sdk/react';
    const config = ${CONFIG};
    let isFirst = true;
    function Buy() {
      const gosight = useGoSight();
      useLayoutEffect(() => {
        if (isFirst) gosight.track('shown');
        isFirst = false;
      });
      return <button id="buy" onClick={() => gosight.track('bought', { seats: 2 })}>Buy</button>;
    }
    const tree = <StrictMode><GoSightProvider config={config}><Buy /></GoSightProvider></StrictMode>;
    let root = createRoot(document.getElementById('root'));
    root.render(tree);
    window.again = () => { root.unmount(); root = createRoot(document.getElementById('root')); root.render(tree); };`;

  it('starts once under StrictMode and when mounted again, before the effects of its children', async () => {
    await run(application);
    await page.click('#buy');
    await server.event('custom_event', ({ payload }) => payload.name === 'shown');
    await server.event('custom_event', ({ payload }) => payload.name === 'bought');
    await page.evaluate('again()');
    await page.click('#buy');
    await server.event('custom_event', () => server.arrivals.filter(({ payload }) => payload.name === 'bought').length === 2);
    expect([countOf('session_start'), countOf('page_view')]).toEqual([1, 1]);
    expect(new Set(server.batches.map(({ session_id }) => session_id)).size).toBe(1);
    expect(errors).toEqual([]);
  });

  it('renders on a server, where it starts nothing, and hydrates without a complaint', async () => {
    const html = onServer(`
      import { createElement } from 'react';
      import { renderToString } from 'react-dom/server';
      import { GoSightProvider, useGoSight } from '@gosight/sdk/react';
      const Name = () => createElement('b', null, typeof useGoSight().track);
      process.stdout.write(renderToString(createElement(GoSightProvider, { config: { projectKey: '${KEY}' } }, createElement(Name))));`);
    expect(html).toBe('<b>function</b>');
    await run(
      `import { hydrateRoot } from 'react-dom/client';
       import { GoSightProvider, useGoSight } from '@gosight/sdk/react';
       const Name = () => <b>{typeof useGoSight().track}</b>;
       hydrateRoot(document.getElementById('root'), <GoSightProvider config={${CONFIG}}><Name /></GoSightProvider>);`,
      html,
    );
    await server.event('page_view');
    expect(errors).toEqual([]);
  });
});

describe('Next', () => {
  it('has a client component that shows nothing and sees the navigations of a router', async () => {
    const html = onServer(`
      import { createElement } from 'react';
      import { renderToString } from 'react-dom/server';
      import { GoSight } from '@gosight/sdk/next';
      process.stdout.write(renderToString(createElement('main', null, createElement(GoSight, { projectKey: '${KEY}' }), 'page')));`);
    expect(html).toBe('<main>page</main>');
    await run(
      `import { hydrateRoot } from 'react-dom/client';
       import { GoSight, useGoSight } from '@gosight/sdk/next';
       const Page = () => { const { track } = useGoSight(); return <button onClick={() => { history.pushState({}, '', '/cart'); track('opened'); }}>page</button>; };
       hydrateRoot(document.getElementById('root'), <main><GoSight {...${CONFIG}} /><Page /></main>);`,
      '<main><button>page</button></main>',
    );
    await page.click('button');
    await server.event('page_view', ({ payload }) => payload.path === '/cart');
    expect((await server.event('custom_event')).page.path).toBe('/cart');
    expect(errors).toEqual([]);
  });
});

describe('Vue', () => {
  it('has a plugin, a composable and a global property; two applications share one GoSight', async () => {
    await run(`
      import { createApp } from 'vue';
      import { createGoSight, useGoSight } from '@gosight/sdk/vue';
      document.getElementById('root').innerHTML = '<div id="one"></div><div id="two"></div>';
      const config = ${CONFIG};
      const component = (id) => ({
        setup() { useGoSight().track('set up'); return { id }; },
        template: '<button :id="id" @click="$gosight.track(id)">Buy</button>',
      });
      for (const id of ['first', 'second']) createApp(component(id)).use(createGoSight(config)).mount(id === 'first' ? '#one' : '#two');`);
    await page.click('#first');
    await page.click('#second');
    for (const name of ['set up', 'first', 'second']) await server.event('custom_event', ({ payload }) => payload.name === name);
    expect([countOf('session_start'), countOf('page_view')]).toEqual([1, 1]);
    expect(errors).toEqual([]);
  });

  it('renders on a server, where it starts nothing', () => {
    const html = onServer(`
      import { createSSRApp, h } from 'vue';
      import { renderToString } from 'vue/server-renderer';
      import { createGoSight, useGoSight } from '@gosight/sdk/vue';
      const app = createSSRApp({ setup: () => () => h('b', useGoSight().getSessionId() || 'no session') }).use(createGoSight({ projectKey: '${KEY}' }));
      process.stdout.write(await renderToString(app));`);
    expect(html).toBe('<b>no session</b>');
  });
});
