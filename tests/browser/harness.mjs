/* harness.mjs: the real program ($GUIDEPOST) with a folder, a small FAQ and free ports of its own, and Debian's Chromium to look
 * at it with. Loopback only. Whatever the page complains about (console, exceptions, refused by a policy) fails the test
 * that caused it, and so does what a sanitizer has to say. */
import {spawn} from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import {after} from 'node:test';
import assert from 'node:assert/strict';
import {AxeBuilder} from '@axe-core/playwright';
import {chromium} from 'playwright-core';

const PROGRAM = process.env.GUIDEPOST;
const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';
export const SHOTS = process.env.GUIDEPOST_SHOTS; /* a folder: keep pictures of every state there */
const START_MS = 60_000;

const cleanups = [];
after(async () => {
  for (const fn of cleanups.reverse())
    await fn();
});

export const sleep = (ms) => new Promise((go) => setTimeout(go, ms));

/* The value of fn() once it is true; fails after a while, saying what was waited for. */
export async function until(fn, what, ms = 30_000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await fn();
    if (value)
      return value;
    assert.ok(Date.now() < end, 'in vain: ' + what);
    await sleep(50);
  }
}

/* ---- the program ---- */

/* Made-up names, so that each question has one answer and no ranking can confuse them. */
const LAKES = ['Balurin', 'Cosmeda', 'Drovanik', 'Elpharu', 'Fintolo', 'Gravessa', 'Hulmort', 'Ixandre', 'Jorbeki', 'Kwalimo',
  'Lestrova', 'Mundarai', 'Nephtis', 'Ostravel', 'Pirnoza', 'Quendib', 'Rastemi', 'Solvangu', 'Tribokal', 'Umberlin'];
export const lake = (i) => LAKES[i % LAKES.length];
export const question = (i) => `How deep is lake ${lake(i)}?`;
export const ENTRY = 'depth-balurin';

const entries = LAKES.map((name, i) => `
- id: depth-${name.toLowerCase()}
  q: How deep is lake ${name}?
  a: |
    Lake ${name} is ${100 + i} metres deep.

    - measured in spring
    - measured again in autumn
`).join('');

const faq = `title: Lakes and how deep they are
url: https://lakes.example/depths
lang: en
reviewed: 2026-11-21
entries:
${entries}
- id: boats
  q: Which boats may I rent on the lakes?
  a: |
    These:

    | Boat | Price a day | Seats and what else there is to know about it |
    |---|---|---|
    | Rowing boat | 20 | four, with two pairs of oars |
    | Donaudampfschifffahrtsgesellschaftsboot | 9000 | two hundred |
`;

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((go) => server.once('listening', go));
  const {port} = server.address();
  await new Promise((go) => server.close(go));
  return port;
}

/* {url, port, kill(), start(), stop()}; data survive kill() and start(). `settings`: lines of guidepost.yaml below web:. */
export async function program(settings = '') {
  assert.ok(PROGRAM, 'GUIDEPOST names the program to test');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'guidepost-browser-'));
  const port = await freePort();
  fs.mkdirSync(path.join(folder, 'guides'));
  fs.writeFileSync(path.join(folder, 'guides/lakes.faq.yaml'), faq);
  fs.writeFileSync(path.join(folder, 'guidepost.yaml'), `listen: 127.0.0.1:${port}
admin_listen: 127.0.0.1:0
data_dir: data
content: [guides]
synonyms: ""
smalltalk: ""
web:
  title: Lake assistant
  session_rate: 0
  address_rate: 0
  site_rate: 0
  privacy_url: https://lakes.example/privacy
  contact: careers@lakes.example
${settings}`);
  const p = {port, url: `http://127.0.0.1:${port}`, said: '', folder};
  p.start = async () => {
    p.child = spawn(PROGRAM, ['serve', '-c', path.join(folder, 'guidepost.yaml')], {stdio: ['ignore', 'ignore', 'pipe']});
    p.ended = new Promise((go) => p.child.once('exit', (code, signal) => go(signal || code)));
    p.child.stderr.on('data', (d) => p.said += d);
    await until(async () => {
      assert.equal(p.child.exitCode, null, p.said);
      return fetch(`${p.url}/a/${ENTRY}`).then((r) => r.ok, () => false);
    }, 'the program to answer\n' + p.said, START_MS);
  };
  p.kill = () => {
    p.child.kill('SIGKILL');
    return p.ended;
  };
  p.stop = async () => {
    p.child.kill('SIGTERM');
    assert.equal(await p.ended, 0, p.said);
  };
  cleanups.push(async () => {
    if (p.child.exitCode === null && p.child.signalCode === null)
      await p.stop();
    fs.rmSync(folder, {recursive: true});
    assert.doesNotMatch(p.said, /Sanitizer|runtime error/, p.said);
  });
  await p.start();
  return p;
}

/* ---- the browser ---- */

export const VIEWPORTS = {
  narrow: {viewport: {width: 320, height: 256}},
  phone: {viewport: {width: 390, height: 844}, hasTouch: true},
  desktop: {viewport: {width: 1280, height: 800}},
};

let browser;
export async function context(options = {}) {
  if (!browser) {
    assert.ok(fs.existsSync(CHROMIUM), `${CHROMIUM} is not there: ./dev deps test, or CHROMIUM=... `);
    browser = await chromium.launch({executablePath: CHROMIUM, chromiumSandbox: false});
    cleanups.push(() => browser.close());
  }
  return browser.newContext({locale: 'en-US', reducedMotion: 'reduce', ...VIEWPORTS.desktop, ...options});
}

/* A page whose complaints are collected in page.complaints; `allow`: those a test provokes. */
export async function page(ctx, allow = null) {
  const p = await ctx.newPage();
  p.setDefaultTimeout(20_000);
  p.complaints = [];
  const note = (text) => allow?.test(text) || p.complaints.push(text);
  p.on('console', (m) => ['error', 'warning'].includes(m.type()) && note(`${m.type()}: ${m.text()} ${m.location().url}`));
  p.on('pageerror', (e) => note('exception: ' + e.message));
  return p;
}

export const quiet = (p) => assert.deepEqual(p.complaints, []);

/* The chat, ready to be typed into. */
export async function chat(p, url, timeout = 20_000) {
  await p.goto(url);
  await p.waitForSelector('#menu:not([hidden])', {state: 'attached', timeout});
}

export async function ask(p, text) {
  const before = await p.locator('.bot').count();
  await p.fill('#q', text);
  await p.press('#q', 'Enter');
  await p.waitForFunction((n) => document.querySelectorAll('.bot').length > n, before);
}

/* No rule of WCAG 2.2 AA or good practice is broken; says which and where. `frames`: look into those of other sites, too, which
 * costs a second page each time. */
export async function accessible(p, state, frames = false) {
  const {violations} = await new AxeBuilder({page: p}).setLegacyMode(!frames).options({resultTypes: ['violations']})
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
  const found = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ') + ' ' + n.failureSummary).join('; ')}`);
  assert.deepEqual(found, [], state);
}

/* Nothing sticks out at the side. */
export async function fits(p, state) {
  const over = await p.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(over <= 0, `${state}: the page is ${over} px too wide`);
}

export async function shot(p, name) {
  if (SHOTS)
    await p.screenshot({path: path.join(SHOTS, name + '.png')});
}

/* ---- somebody else's page ---- */

/* Serves `html` under `policy` on a port of its own; {url}. */
export async function host(html, policy) {
  const server = http.createServer((rq, rs) => {
    rs.setHeader('Content-Type', 'text/html; charset=utf-8');
    if (policy)
      rs.setHeader('Content-Security-Policy', policy);
    rs.end(rq.url === '/' ? html : '');
  }).listen(0, '127.0.0.1');
  await new Promise((go) => server.once('listening', go));
  cleanups.push(() => server.close());
  return {url: `http://localhost:${server.address().port}`, server, set: (h, p) => { html = h; policy = p; }};
}
