/* Every page of the console, in every size and look, and the states that all share: nothing there yet, the program out of reach, help,
 * a dialog, the door. No rule of accessibility is broken, nothing sticks out, and under its policy nothing is refused. With
 * GUIDEPOST_SHOTS=FOLDER each leaves a picture there, to be looked at by somebody. */
import {test} from 'node:test';
import assert from 'node:assert/strict';
import {context, page, quiet} from './harness.mjs';
import {desk, console_of, unanswered, sound, look, open, LOOKS, SIZES} from './staff.mjs';

const p = await desk();
const pages_of = (tab) => tab.$$eval('#nav a', (all) => all.map((a) => a.getAttribute('href').slice('/staff/'.length)));

/* Before anything has been asked. */
test('pages with nothing on them say so', async () => {
  const tab = await console_of(p, 'adam', '', look('phone', 'light'));
  for (const name of await pages_of(tab)) {
    await open(tab, name);
    await sound(tab, `empty-${name}`);
  }
  quiet(tab);
});

test('the door', async () => {
  for (const style of Object.keys(LOOKS))
    for (const size of SIZES) {
      const tab = await page(await context(look(size, style)), /status of 401/);
      await tab.goto(p.url + '/staff/');
      await tab.waitForSelector('[name=name]');
      await sound(tab, `door-${size}-${style}`);
      quiet(tab);
    }
});

let first;
test('there are questions from here on', async () => {
  for (let i = 0; i < 3; i++)
    first = await unanswered(p, `how many zygomorphic quasars does lake ${'Balurin Cosmeda Drovanik'.split(' ')[i]} have`);
});

for (const style of Object.keys(LOOKS))
  for (const size of SIZES)
    test(`all pages, ${style}, ${size}`, async () => {
      const tab = await console_of(p, 'adam', '', look(size, style));
      for (const name of await pages_of(tab)) {
        await open(tab, name);
        await sound(tab, `${name}-${size}-${style}`);
      }
      await open(tab, `triage?id=${first}`);
      await tab.waitForSelector('.ticket table');
      await sound(tab, `ticket-${size}-${style}`);
      await tab.keyboard.press('n');
      await tab.waitForSelector('dialog[open]');
      await sound(tab, `dialog-${size}-${style}`);
      await tab.keyboard.press('Escape');
      await tab.waitForSelector('dialog', {state: 'detached'});
      await tab.keyboard.press('?');
      await tab.waitForSelector('dialog[open]');
      await sound(tab, `help-${size}-${style}`);
      quiet(tab);
    });

test('what cannot be reached is said, on every page, with a way on', async () => {
  const tab = await console_of(p, 'adam', '', look('phone', 'light'), /status of 401|ERR_FAILED/);
  let asked = 0;
  await tab.route(/\/staff\/api\/(?!me)/, (route) => {
    asked++;
    return route.abort();
  });
  for (const name of await pages_of(tab)) {
    asked = 0;
    await open(tab, name);
    if (!asked)
      continue; /* Live hears all it shows over its socket, and says so itself when that is down */
    await tab.waitForSelector('.problem', {timeout: 5000}).catch(() => assert.fail(`${name} says nothing about it`));
    await sound(tab, `error-${name}`);
  }
  quiet(tab);
});

test('a page that is not there, and one that is not for everybody', async () => {
  const tab = await console_of(p, 'vera', 'nothing');
  await tab.waitForSelector('h1 >> text=no such page');
  await sound(tab, 'nothing');
  quiet(tab);
});
