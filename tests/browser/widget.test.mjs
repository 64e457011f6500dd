/* The chat on somebody else's page, which is as strict or as hostile as pages are. */
import {test} from 'node:test';
import assert from 'node:assert/strict';
import {context, page, program, host, question, quiet, until, sleep, accessible, shot, VIEWPORTS} from './harness.mjs';

const school = await host('');
const foreign = await host('');
const p = await program(`  origins: ["${school.url}"]\n`);

const html = (head = '', body = '') => `<!doctype html><html lang="en"><head><title>A school</title>${head}</head><body><main><h1>A school</h1>
<p>${'Some words of the page. '.repeat(200)}</p></main>${body}<script src="${p.url}/widget.js" async></script>
<guidepost-chat><a href="${p.url}/">Ask a question</a></guidepost-chat></body></html>`;
const STRICT = `default-src 'none'; script-src ${p.url}; frame-src ${p.url}; require-trusted-types-for 'script'; trusted-types 'none'`;
const LAUNCH = 'guidepost-chat >> .launch button >> nth=0';

async function visit(options = {}, allow = null) {
  const tab = await page(await context(options), allow);
  tab.requests = [];
  tab.on('request', (rq) => tab.requests.push(rq.url()));
  await tab.goto(school.url);
  await tab.waitForSelector(LAUNCH);
  return tab;
}

async function open(tab) {
  await tab.click(LAUNCH);
  const frame = tab.frameLocator('guidepost-chat >> iframe');
  await frame.locator('#menu:not([hidden])').waitFor({state: 'attached'});
  return frame;
}

async function askIn(frame) {
  await frame.locator('#q').fill(question(0));
  await frame.locator('#q').press('Enter');
  await frame.locator('.bot').waitFor();
  return frame.locator('.bot blockquote').innerText();
}

test('a page pays one request, and nothing is stored before it is used', async () => {
  school.set(html(), STRICT);
  const tab = await visit();
  await sleep(500);
  assert.deepEqual(tab.requests.filter((url) => !url.startsWith(school.url)), [p.url + '/widget.js']);
  assert.deepEqual(await tab.evaluate(() => [Object.keys(localStorage), Object.keys(sessionStorage), document.cookie]), [[], [], '']);
  assert.deepEqual(await tab.context().cookies(), []);
  quiet(tab);
});

test('under the strictest policy it opens, answers, and gives the focus back', async () => {
  school.set(html(), STRICT);
  const tab = await visit();
  assert.equal(await tab.getAttribute(LAUNCH, 'aria-expanded'), 'false');
  const frame = await open(tab);
  assert.equal(await tab.getAttribute(LAUNCH, 'aria-expanded'), 'true');
  await until(() => frame.locator('#q:focus').count(), 'the field to have the focus');
  assert.match(await askIn(frame), /100 metres deep/);
  await shot(tab, 'widget-desktop');
  await frame.locator('#q').press('Escape');
  await tab.waitForSelector('guidepost-chat >> dialog', {state: 'hidden'});
  assert.equal(await tab.evaluate(() => document.activeElement.shadowRoot.activeElement.ariaExpanded), 'false');
  assert.equal(await tab.evaluate(() => scrollY), 0);
  quiet(tab);
});

test('the page around it is left as it is', async () => {
  school.set(html(), STRICT);
  const plain = await page(await context({javaScriptEnabled: true}));
  await plain.route('**/widget.js', (route) => route.abort());
  await plain.goto(school.url);
  const globals = await plain.evaluate(() => Object.keys(window));
  const tab = await visit();
  const state = () => tab.evaluate(() => [...document.querySelectorAll('html, head, body, main')].map((e) => e.cloneNode().outerHTML).concat(
    document.styleSheets.length, document.adoptedStyleSheets.length, history.length, document.body.scrollHeight, getComputedStyle(document.body).overflow));
  const before = await state();
  assert.equal(await tab.locator('guidepost-chat >> dialog').isVisible(), false); /* it opens for nobody */
  const box = await tab.locator(LAUNCH).boundingBox(); /* and what is beside the button is the page's */
  assert.notEqual(await tab.evaluate(([x, y]) => document.elementFromPoint(x, y).localName, [box.x - 60, box.y + 10]), 'guidepost-chat');
  await askIn(await open(tab));
  assert.deepEqual(await state(), before);
  assert.deepEqual((await tab.evaluate(() => Object.keys(window))).filter((key) => !globals.includes(key)), []);
});

test('by keyboard alone, in and out, without a trap', async () => {
  school.set(html('', '<a href="#x" id="before">a link</a>'), STRICT);
  const tab = await visit();
  await tab.focus('#before');
  await tab.keyboard.press('Tab');
  await tab.keyboard.press('Enter');
  const frame = tab.frameLocator('guidepost-chat >> iframe');
  await until(() => frame.locator('#q:focus').count(), 'the field to have the focus');
  await tab.keyboard.type(question(1));
  await tab.keyboard.press('Enter');
  await frame.locator('.bot').waitFor();
  await tab.keyboard.press('Escape');
  await tab.waitForSelector('guidepost-chat >> dialog', {state: 'hidden'});
  await tab.keyboard.press('Shift+Tab');
  assert.equal(await tab.evaluate(() => document.activeElement.id), 'before');
  quiet(tab);
});

test('on a phone it is a modal over the whole page', async () => {
  school.set(html(), STRICT);
  const tab = await visit(VIEWPORTS.phone);
  await shot(tab, 'widget-phone-closed');
  const frame = await open(tab);
  await askIn(frame);
  await shot(tab, 'widget-phone');
  assert.equal(await tab.$eval('guidepost-chat', (e) => e.shadowRoot.querySelector('dialog').matches(':modal')), true);
  const box = await tab.locator('guidepost-chat >> dialog').boundingBox();
  assert.deepEqual([box.x, box.y, box.width, box.height], [0, 0, 390, 844]);
  await tab.click('guidepost-chat >> .close');
  await tab.waitForSelector('guidepost-chat >> dialog', {state: 'hidden'});
  quiet(tab);
});

test('hostile styles of the page do not reach it', async () => {
  school.set(html(`<style>* , *::before { all: unset !important; display: none !important; font-size: 99px !important; color: red !important }
    html, head, body, main, style, guidepost-chat { display: block !important }
    guidepost-chat { position: static !important; opacity: 1; transform: none !important; width: 3px !important }
    button, dialog, iframe, div { display: none !important; visibility: hidden !important }</style>`), null);
  const tab = await visit();
  const box = await tab.locator(LAUNCH).boundingBox();
  assert.ok(box.width > 100 && box.height >= 48 && box.x > 900 && box.y > 600, JSON.stringify(box));
  assert.equal(await tab.locator(LAUNCH).evaluate((e) => getComputedStyle(e).fontSize), '24px'); /* the most: who enlarges letters is heeded */
  const frame = await open(tab);
  assert.match(await askIn(frame), /100 metres deep/);
});

test('twice the script and a moved element are one chat', async () => {
  school.set(html(`<script src="${p.url}/widget.js" async></script>`), STRICT);
  const tab = await visit();
  await tab.evaluate(() => document.querySelector('main').append(document.querySelector('guidepost-chat')));
  assert.equal(await tab.locator(LAUNCH).count(), 1);
  assert.match(await askIn(await open(tab)), /100 metres deep/);
  quiet(tab);
});

test('with its hash it runs as it is or not at all', async () => {
  const tab = await page(await context());
  await tab.goto(p.url + '/config/');
  const line = (await tab.locator('pre').allInnerTexts()).find((text) => text.includes('integrity'));
  assert.match(line, /\/a\/\w{12}\/widget\.js" integrity="sha256-[\w+/]{43}=" crossorigin/);
  const doc = html().replace(/<script src=.*?<\/script>/, line.trim());
  school.set(doc, STRICT);
  assert.match(await askIn(await open(await visit())), /100 metres deep/);
  school.set(doc.replace('sha256-', 'sha256-A'), STRICT);
  const other = await page(await context());
  await other.goto(school.url);
  await until(() => other.complaints.some((text) => /integrity/.test(text)), 'the browser to refuse');
  assert.equal(await other.isVisible('guidepost-chat a'), true);
});

test('one line is enough where a page takes no more', async () => {
  school.set(`<!doctype html><html lang="de"><title>Schule</title><script src="${p.url}/widget.js" async data-auto></script><body><p>Text`, STRICT);
  const tab = await visit();
  assert.match(await tab.innerText(LAUNCH), /Stellen Sie eine Frage/);
  const frame = await open(tab);
  assert.equal(await frame.locator('html').getAttribute('lang'), 'de');
});

test('without a script the link in it stays', async () => {
  school.set(html(), STRICT);
  const tab = await page(await context({javaScriptEnabled: false}));
  await tab.goto(school.url);
  await tab.click('guidepost-chat a');
  assert.equal(await tab.innerText('h1'), 'Lake assistant');
});

test('it can be put away for this visit', async () => {
  school.set(html(), STRICT);
  const tab = await visit();
  await tab.hover(LAUNCH);
  await tab.click('guidepost-chat >> .hide');
  assert.equal(await tab.locator(LAUNCH).isVisible(), false);
  await tab.reload();
  await sleep(300);
  assert.equal(await tab.locator(LAUNCH).isVisible(), false);
});

test('a site that is not listed gets no chat', async () => {
  foreign.set(html(), null);
  const tab = await page(await context());
  await tab.goto(foreign.url);
  await tab.click(LAUNCH);
  await until(() => tab.complaints.some((text) => /frame-ancestors/.test(text)), 'the browser to refuse');
});

test('a port from anybody but the page around it is not taken', async () => {
  const tab = await page(await context());
  school.set(`<!doctype html><title>x</title><iframe src="${p.url}/chat"></iframe>`, null);
  await tab.goto(school.url);
  const frame = tab.frames().find((f) => f.url().startsWith(p.url));
  await frame.waitForSelector('#menu:not([hidden])', {state: 'attached'});
  const closed = await frame.evaluate(() => new Promise((done) => {
    const {port1, port2} = new MessageChannel();
    port1.onmessage = () => done('taken');
    postMessage({guidepost: 1}, location.origin, [port2]); /* from itself, not from the parent */
    document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'}));
    setTimeout(() => done('not taken'), 500);
  }));
  assert.equal(closed, 'not taken');
});

for (const [size, viewport] of Object.entries(VIEWPORTS))
  for (const colorScheme of ['light', 'dark'])
    test(`no rule of accessibility is broken: ${size}, ${colorScheme}`, async () => {
      school.set(html(), STRICT);
      const tab = await visit({...viewport, colorScheme});
      await accessible(tab, 'closed');
      await open(tab);
      await accessible(tab, 'open', true);
      quiet(tab);
    });
