/* Fix it in one move, as staff does it: an answer written in the console answers the next asker in the chat; what would fail a test is
 * not saved by accident; what was saved can be taken back; and every page of it is sound in every size and look. */
import {test} from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {context, page, quiet, until} from './harness.mjs';
import {desk, console_of, unanswered, ready, sound, api, look} from './staff.mjs';

const p = await desk();
const ASKED = 'When does the harbour orchestra rehearse?';
const file = () => fs.readFileSync(path.join(p.folder, 'guides/staff.faq.yaml'), 'utf8');
const ask = async (q) => (await (await fetch(`${p.url}/v1/ask`, {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({q})})).json());
const effect = (tab) => tab.waitForSelector('.effect').then((el) => el.textContent());

test('an answer written in the console answers the next asker in the chat', async () => {
  const id = await unanswered(p, ASKED);
  const visitor = await page(await context());
  await visitor.goto(p.url + '/');
  const tab = await console_of(p, 'edith', 'triage');
  await tab.waitForSelector('.items a');
  await tab.keyboard.press('j');
  await tab.waitForSelector('.ticket');
  await tab.keyboard.press('a');
  await tab.waitForSelector('dialog[open] textarea');
  await tab.keyboard.type('On **Tuesdays** at noon, in the boat house.');
  const said = await effect(tab);
  assert.match(said, /This changes the answer to 1 logged question and 1 test/);
  assert.match(said, /did not know.*answer/s);
  assert.match(await tab.textContent('[aria-label="As visitors see it"]'), /On Tuesdays at noon/);
  await sound(tab, 'fix-answer');
  await tab.keyboard.press('Control+Shift+Enter');
  await tab.waitForSelector('.toast');
  assert.match(await tab.textContent('.toast'), /visitors are answered with it, \d+ ms later/);
  await tab.waitForSelector('dialog', {state: 'detached'});
  /* the next asker */
  const field = await visitor.waitForSelector('textarea, input[type=text]');
  await field.fill('when does the harbour orchestra rehearse');
  await visitor.keyboard.press('Enter');
  await until(async () => /Tuesdays at noon/.test(await visitor.textContent('body')), 'the answer in the chat');
  const ticket = await api(tab, 'ticket?id=' + id);
  assert.equal(ticket.state, 'closed');
  assert.equal(ticket.owner, 'edith');
  assert.match(file(), /- id: when-does-the-harbour-orchestra-rehearse\n/);
  quiet(tab);
  quiet(visitor);
});

test('what was saved is taken back with one key, byte by byte', async () => {
  await unanswered(p, 'Is there a lighthouse choir?');
  const before = file(), tab = await console_of(p, 'edith', 'triage');
  await tab.waitForSelector('.items a');
  await tab.keyboard.press('j');
  await tab.waitForSelector('.ticket');
  await tab.keyboard.press('a');
  await tab.waitForSelector('dialog[open] textarea');
  await tab.keyboard.type('Yes, on Fridays.');
  await effect(tab);
  await tab.keyboard.press('Control+Shift+Enter');
  await tab.waitForSelector('.toast');
  await until(async () => (await ask('Is there a lighthouse choir?')).kind === 'answer', 'the answer');
  await tab.waitForSelector('dialog', {state: 'detached'});
  await tab.keyboard.press('u');
  await until(() => file() === before, 'the file as it was');
  await until(async () => (await ask('Is there a lighthouse choir?')).kind !== 'answer', 'no answer any more');
  quiet(tab);
});

test('an answer may wait until somebody publishes it', async () => {
  const id = await unanswered(p, 'Which ferries carry bicycles?'), tab = await console_of(p, 'edith', 'triage?id=' + id);
  await tab.waitForSelector('.ticket');
  await tab.keyboard.press('a');
  await tab.waitForSelector('dialog[open] textarea');
  await tab.keyboard.type('Two of them:\n\n- the small one\n- the **old lightship**');
  await effect(tab);
  const shown = tab.locator('.shown');
  assert.deepEqual(await shown.locator('li').allTextContents(), ['the small one', 'the old lightship']);
  assert.equal(await shown.locator('p').nth(1).textContent(), 'Two of them:');
  await sound(tab, 'fix-later');
  await tab.keyboard.press('Control+Enter');
  await tab.waitForSelector('.toast >> text=not published');
  await tab.waitForSelector('dialog', {state: 'detached'});
  assert.equal((await api(tab, 'ticket?id=' + id)).state, 'new');
  assert.ok((await api(tab, 'ticket?id=' + id)).log.some((l) => l.what === 'later'));
  assert.match(file(), /status: draft/);
  assert.notEqual((await ask('Which ferries carry bicycles?')).kind, 'answer');
  await tab.goto(p.url + '/staff/answers?q=bicycles');
  await tab.waitForSelector('text=not published');
  await sound(tab, 'answers-not-published');
  await tab.click('tbody a');
  await tab.waitForSelector('dialog[open] textarea');
  await effect(tab);
  await tab.keyboard.press('Control+Shift+Enter');
  await tab.waitForSelector('dialog', {state: 'detached'});
  await until(async () => (await ask('Which ferries carry bicycles?')).kind === 'answer', 'the answer');
  assert.doesNotMatch(file(), /status: draft/);
  assert.equal((await api(tab, 'ticket?id=' + id)).state, 'closed');
  quiet(tab);
});

test('what fails a test is saved only by its name', async () => {
  const tab = await console_of(p, 'edith', 'answers?q=orchestra');
  await tab.click('tbody a');
  await tab.waitForSelector('dialog[open] textarea');
  await tab.fill('dialog [required]:not(textarea)', 'What does the drum cost?');
  const typed = await tab.waitForSelector('text=would fail. To save all the same');
  assert.match(await typed.textContent(), /type when-does-the-harbour-orchestra-rehearse/);
  await sound(tab, 'fix-regress');
  assert.equal(await tab.getAttribute('dialog button[type=submit]', 'aria-disabled'), 'true');
  await tab.getByLabel(/would fail/).fill('when-does-the-harbour-orchestra-rehearse');
  await tab.click('dialog button[type=submit]');
  await tab.waitForSelector('.toast');
  await until(async () => /boat house/.test((await ask('What does the drum cost?')).text), 'the answer');
  await tab.goto(p.url + '/staff/quality');
  await tab.waitForSelector('.trials');
  assert.match(await tab.textContent('main'), /against tests/);
  await sound(tab, 'quality-failing');
  quiet(tab);
});

test('an agent sees what an edit would change, and cannot save it', async () => {
  await unanswered(p, 'Who paints the buoys?');
  const tab = await console_of(p, 'anna', 'triage');
  await tab.waitForSelector('.items a');
  await tab.keyboard.press('j');
  await tab.waitForSelector('.ticket');
  await tab.keyboard.press('a');
  await tab.waitForSelector('dialog[open] textarea');
  await tab.keyboard.type('Ben.');
  await effect(tab);
  assert.match(await tab.textContent('dialog'), /saving is for the role editor/);
  assert.equal(await tab.getAttribute('dialog button[type=submit]', 'aria-disabled'), 'true');
  quiet(tab);
});

test('each dialog and page, on a phone in the light and on a desk in the dark', async () => {
  for (const [size, style] of [['phone', 'light'], ['desktop', 'dark']]) {
    const tab = await console_of(p, 'edith', 'triage', look(size, style));
    await tab.waitForSelector('.items a');
    await tab.keyboard.press('j');
    await tab.waitForSelector('.ticket');
    for (const [key, kind] of Object.entries({a: 'answer', l: 'link', s: 'synonym', x: 'redirect'})) {
      await tab.keyboard.press(key);
      await tab.waitForSelector('dialog[open]');
      await ready(tab);
      await sound(tab, `fix-${kind}-${size}-${style}`);
      await tab.keyboard.press('Escape');
      await tab.waitForSelector('dialog', {state: 'detached'});
    }
    for (const name of ['answers', 'synonyms', 'quality']) {
      await tab.goto(`${p.url}/staff/${name}`);
      await ready(tab);
      await sound(tab, `${name}-${size}-${style}`);
    }
    quiet(tab);
  }
});
