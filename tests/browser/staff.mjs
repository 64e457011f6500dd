/* staff.mjs: the program with people of the staff, a page on which one of them is logged in, and what has to hold on every page of
 * the console. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import assert from 'node:assert/strict';
import {accessible, context, fits, page, program, shot, sleep, VIEWPORTS} from './harness.mjs';

export const PASSWORD = 'correct horse battery';
/* Who has which role. */
export const STAFF = {vera: 'viewer', anna: 'agent', bert: 'agent', edith: 'editor', adam: 'admin'};

function hire(p) {
  for (const [name, role] of Object.entries(STAFF)) {
    const r = spawnSync(process.env.GUIDEPOST, ['user', 'add', '-c', path.join(p.folder, 'guidepost.yaml'), '--role', role, name],
      {input: PASSWORD + '\n', encoding: 'utf8'});
    assert.equal(r.status, 0, r.stderr);
  }
}

/* As program(), and with the people of STAFF. */
export async function desk(settings = '') {
  const p = await program(settings);
  hire(p);
  return p;
}

/* The same with a month of that many questions behind it, and the guides they are about. */
export async function month_desk(questions) {
  const p = await program(), data = path.join(p.folder, 'data'), guides = path.join(process.env.GUIDEPOST_SOURCE, 'config/guides');
  await p.stop();
  fs.rmSync(data, {recursive: true});
  fs.cpSync(guides, path.join(p.folder, 'guides'), {recursive: true});
  const r = spawnSync(process.env.GUIDEPOST_MONTH, [data, guides, String(questions)], {encoding: 'utf8'});
  assert.equal(r.status, 0, r.stderr);
  hire(p);
  await p.start();
  return p;
}

/* What nobody can answer, as a visitor would ask it; the ticket's number. */
export async function unanswered(p, text) {
  const r = await fetch(`${p.url}/v1/ask`, {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({q: text})});
  const {answer_id, kind} = await r.json();
  assert.equal(kind, 'none', text);
  return +answer_id;
}

/* Fills in the door. */
export async function log_in(tab, name) {
  await tab.fill('[name=name]', name);
  await tab.fill('[name=password]', PASSWORD);
  await tab.press('[name=password]', 'Enter');
  await tab.waitForSelector('nav', {state: 'attached'});
}

/* A page of the console, as that person sees it. `at`: "triage?what=none". */
export async function console_of(p, name, at = '', options = {}, allow = null) {
  /* a browser reports every 401 and 409 in its console; they are looked at by what the page makes of them */
  const tab = await page(await context(options), allow || /status of 401/);
  watch(tab);
  await tab.goto(`${p.url}/staff/${at}`);
  await log_in(tab, name);
  await ready(tab);
  return tab;
}

/* Nothing is being asked for any more. Playwright's "networkidle" is the same, but never in less than half a second. */
export async function ready(tab) {
  const busy = watched.get(tab) || watch(tab);
  await tab.waitForSelector('main h1');
  for (let quiet = 0; quiet < 3; await sleep(20))
    quiet = busy.size ? 0 : quiet + 1;
}
const watched = new WeakMap();
function watch(tab) {
  const busy = new Set();
  watched.set(tab, busy);
  tab.on('request', (r) => busy.add(r));
  for (const end of ['requestfinished', 'requestfailed'])
    tab.on(end, (r) => busy.delete(r));
  tab.on('framenavigated', (f) => f === tab.mainFrame() && busy.clear());
  return busy;
}

/* To another page, as a link of the menu would. */
export async function open(tab, name) {
  await tab.evaluate((to) => {
    history.pushState(null, '', '/staff/' + to);
    dispatchEvent(new Event('popstate'));
  }, name);
  await tab.waitForSelector(`main.page-${name.split('?')[0]}`);
  await ready(tab);
}

/* By the script of the page itself: what it gets from /staff/api/NAME. */
export const api = (tab, name) => tab.evaluate(async (n) => (await fetch('/staff/api/' + n)).json(), name);

/* The sizes and looks of which every page is seen in each. */
export const LOOKS = {light: {}, dark: {colorScheme: 'dark'}, contrast: {forcedColors: 'active'}};
export const SIZES = ['phone', 'desktop'];
export const look = (size, style) => ({...VIEWPORTS[size], ...LOOKS[style]});

/* No rule of accessibility is broken, nothing sticks out; with GUIDEPOST_SHOTS there is a picture of it. */
export async function sound(tab, state) {
  await shot(tab, 'staff-' + state);
  await fits(tab, state);
  await accessible(tab, state);
}
