import { describe, expect } from 'vitest';
import { KEY } from './capture.js';
import { AT_ONCE_MS, html, it, waited } from './chromium.js';

/** How many batches wait for a better time. */
const KEPT = `new Promise((done, failed) => {
  const request = indexedDB.open('gosight:${KEY}');
  request.onerror = failed;
  request.onsuccess = () => {
    const { result } = request;
    const [store] = result.objectStoreNames;
    const left = Object.keys(localStorage).filter((name) => name.includes(':left:')).length;
    if (store) result.transaction(store).objectStore(store).count().onsuccess = ({ target }) => done(target.result + left);
    else done(left);
    result.close();
  };
})`;

describe('before the page has loaded', () => {
  const slow = '<img src="/slow.png">';

  it('both files are at work', async ({ page, server }) => {
    server.held.add('/slow.png');
    server.pages['/'] = html(`<h1>Hello</h1>${slow}`);
    await page.goto(server.url, { waitUntil: 'commit' });
    await server.event('page_view');
    await page.waitForFunction(() => performance.getEntriesByName(`${location.origin}/sdk.more.js`).length);
    await page.mouse.move(100, 100);
    await page.mouse.move(200, 200, { steps: 5 });
    await server.event('mouse_move');
    expect(await page.evaluate('document.readyState')).not.toBe('complete');
    server.letGo();
    expect((await server.event('page_load')).payload.load_ms).toBeGreaterThan(0);
  });

  it.for([
    ['a scroll', '<button id="b" onclick="window.scrollTo(0, 500)">b</button><div style="height:3000px"></div>'],
    [
      'a scroll of a part',
      '<button id="b" onclick="box.scrollTop = 50">b</button><div id="box" style="height:50px;overflow:auto"><p style="height:500px"></div>',
    ],
    ['a focus', '<button id="b" onclick="i.focus()">b</button><input id="i">'],
    ['a changed field', '<input type="checkbox" id="b">'],
    ['a form that is sent', '<form id="f" onsubmit="event.preventDefault()"><button id="b">b</button></form>'],
  ])('a control is answered by %s, even without the second file', async ([, body], { page, server }) => {
    for (const path of ['/slow.png', '/sdk.more.js']) server.held.add(path);
    server.pages['/'] = html(body + slow);
    await page.goto(server.url, { waitUntil: 'commit' });
    await server.event('page_view');
    await page.click('#b', { noWaitAfter: true });
    const click = await server.event('click');
    const answer = await server.event('dom_mutation', ({ timestamp_ms }) => timestamp_ms >= click.timestamp_ms);
    expect(answer.timestamp_ms - click.timestamp_ms).toBeLessThanOrEqual(1000);
    expect(waited(answer)).toBeLessThan(AT_ONCE_MS);
  });

  it('a control is not answered by its own focus', async ({ page, server }) => {
    for (const path of ['/slow.png', '/sdk.more.js']) server.held.add(path);
    server.pages['/'] = html(`<button id="b">b</button><button id="c">c</button>${slow}`);
    await page.goto(server.url, { waitUntil: 'commit' });
    await server.event('page_view');
    for (const id of ['#b', '#c', '#b']) await page.click(id, { noWaitAfter: true });
    const first = await server.event('click');
    await page.evaluate('new Promise((done) => setTimeout(() => done(GoSight.flush()), 1100))');
    expect(server.arrivals.filter(({ type, timestamp_ms }) => type === 'dom_mutation' && timestamp_ms >= first.timestamp_ms)).toEqual([]);
  });

  it('who opts out has nothing sent of what earlier pages kept', async ({ page, server, open }) => {
    await open('<p>first</p>');
    server.refuse = { status: 503 };
    await page.evaluate(`GoSight.track('kept'); GoSight.flush()`);
    await expect.poll(() => page.evaluate(KEPT)).toBeGreaterThan(0);
    server.pages['/away'] = '<!doctype html><title>away</title>';
    await page.goto(`${server.url}/away`);
    server.refuse = undefined;
    server.held.add('/sdk.more.js');
    await page.goto(server.url, { waitUntil: 'commit' });
    await page.waitForFunction('window.GoSight');
    await page.evaluate('GoSight.optOut()');
    server.letGo();
    // Sent or not: nothing is kept any more.
    await expect.poll(() => page.evaluate(KEPT)).toBe(0);
    await page.evaluate(`GoSight.optIn(); GoSight.track('later')`);
    await server.event('custom_event', ({ payload }) => payload.name === 'later');
    expect(server.arrivals.filter(({ payload }) => payload.name === 'kept')).toEqual([]);
  });

  it('what could not be sent goes by beacon when the page is left', async ({ page, server }) => {
    for (const path of ['/slow.png', '/sdk.more.js']) server.held.add(path);
    server.refuse = { status: 503 };
    server.pages['/'] = html(`<button id="b">b</button>${slow}`);
    server.pages['/away'] = '<!doctype html><title>away</title>';
    await page.goto(server.url, { waitUntil: 'commit' });
    await page.click('#b', { noWaitAfter: true });
    await page.evaluate('GoSight.flush()');
    expect(server.refused).toBeGreaterThan(0);
    expect(server.arrivals).toEqual([]);
    server.refuse = undefined;
    await page.goto(`${server.url}/away`);
    const click = await server.event('click');
    await server.event('page_view');
    await server.event('page_exit');
    expect(click.payload.target.id).toBe('b');
    expect(server.arrivals.filter(({ id }) => id === click.id)).toHaveLength(1);
  });
});
