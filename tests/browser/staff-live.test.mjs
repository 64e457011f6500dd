/* Two browsers: a visitor who asks for a person, and the person. What one says the other sees at once, over a reload and a program
 * that is killed; the bot is silent meanwhile, and answers again afterwards. Two of the staff do not get the same visitor. */
import {test} from 'node:test';
import assert from 'node:assert/strict';
import {context, page, question, until} from './harness.mjs';
import {desk, console_of, look, ready, sound} from './staff.mjs';

const p = await desk('staff:\n  shown_as: "{name} from the careers team"\n  names: [anna=Anna]\n');
const lost = /status of 401|status of 409|WebSocket|ERR_CONNECTION|Failed to fetch/; /* a program that is killed is meant to be missed */

async function visitor() {
  const tab = await page(await context(), lost);
  await tab.goto(p.url + '/chat');
  await tab.waitForSelector('form input, form textarea');
  return tab;
}

const ask = async (tab, text) => {
  const n = await tab.locator('#log .me, ol .me').count();
  await tab.locator('form :is(input, textarea)').first().fill(text);
  await tab.keyboard.press('Enter');
  await until(async () => await tab.locator('.me').count() > n, 'the question to be shown');
};
const shows = (tab, text) => until(() => tab.locator(`text=${text}`).count(), `to see "${text}"`);

async function want_person(tab) {
  await tab.locator('summary, [aria-haspopup], .menu button').first().click();
  await tab.getByText('Ask a person').first().click();
  await shows(tab, 'Your chat went to our staff');
}

const reply = async (tab, text) => {
  await tab.locator('.composer textarea').fill(text);
  await tab.keyboard.press('Control+Enter');
  await until(async () => await tab.locator('.composer textarea').inputValue() === '', 'the reply to be sent');
};

test('they talk, and nothing is lost or doubled over a reload and a kill', async () => {
  const guest = await visitor();
  await ask(guest, question(0));
  await shows(guest, '100 metres');
  await want_person(guest);
  const staff = await console_of(p, 'anna', 'live', {}, lost);
  assert.match(await staff.title(), /^\(1\) /);
  await staff.locator('.list .items a').first().click();
  await shows(staff, '100 metres'); /* what it was shown */
  await staff.locator('button:has-text("Take over")').click();
  await shows(guest, 'You are now talking to Anna from the careers team');

  await reply(staff, 'Good morning! What do you need it for?');
  await shows(guest, 'Good morning! What do you need it for?');
  await ask(guest, question(1));
  await shows(staff, question(1));
  await staff.locator('.composer textarea').pressSequentially('Well');
  await shows(guest, 'is typing');

  await guest.locator('form :is(input, textarea)').first().pressSequentially('to swim');
  await shows(staff, 'Visitor is typing');

  await guest.reload();
  await shows(guest, 'Good morning! What do you need it for?');
  await staff.reload();
  await ready(staff);
  await shows(staff, question(1));
  await p.kill();
  await shows(staff, 'Not connected');
  await p.start();
  await until(async () => !await staff.locator('text=Not connected').count(), 'the console to come back');
  await reply(staff, 'I measured it myself.');
  await shows(guest, 'I measured it myself.');
  assert.equal(await guest.locator('text=Good morning! What do you need it for?').count(), 1);
  assert.equal(await guest.locator('text=101 metres').count(), 0); /* the bot was silent */

  await staff.locator('button:has-text("Back to the bot")').click();
  await shows(guest, 'The assistant is answering again');
  await ask(guest, question(2));
  await shows(guest, '102 metres');
});

test('an entry is found and put into the reply; two of the staff do not get the same visitor', async () => {
  const guest = await visitor();
  await ask(guest, 'I would rather talk to somebody about the depth of Cosmeda');
  await want_person(guest);
  const anna = await console_of(p, 'anna', 'live', {}, lost), bert = await console_of(p, 'bert', 'live', {}, lost);
  await shows(bert, 'Also here: anna');
  for (const tab of [anna, bert])
    await tab.locator('.list .items a').first().click();
  await anna.locator('.live').waitFor();
  await anna.keyboard.press('t');
  await shows(bert, 'Take over from Anna');
  assert.equal(await bert.locator('.composer').count(), 0);
  await anna.locator('button:has-text("From the guides")').click();
  await anna.locator('dialog input[type=search]').fill('how deep is lake Cosmeda');
  await anna.locator('dialog .found .card', {hasText: '101 metres'}).first().locator('button').click();
  assert.match(await anna.locator('.composer textarea').inputValue(), /101 metres/);
  await anna.locator('.composer textarea').press('Control+Enter');
  await shows(guest, '101 metres');
  await anna.locator('button:has-text("Close")').first().click();
  await shows(guest, 'The assistant is answering again');
});

test('a reply becomes the answer of the next one who asks', async () => {
  const text = 'Which fish live in lake Umberlin?', guest = await visitor();
  await ask(guest, text);
  await want_person(guest);
  const edith = await console_of(p, 'edith', 'live', {}, lost);
  await edith.locator('.list .items a', {hasText: 'Which fish'}).click();
  await edith.locator('button:has-text("Take over")').click();
  await edith.locator('.composer').waitFor();
  await reply(edith, 'Perch and pike live in lake Umberlin.');
  await shows(guest, 'Perch and pike');
  await edith.locator('button:has-text("Save as answer")').click();
  assert.equal(await edith.locator('dialog textarea').first().inputValue(), 'Perch and pike live in lake Umberlin.');
  await until(async () => await edith.locator('dialog .button.go:not([aria-disabled=true])').count(), 'what it would change');
  await edith.keyboard.press('Control+Shift+Enter');
  await until(async () => !await edith.locator('dialog[open]').count(), 'it to be saved');
  const next = await visitor();
  await ask(next, text);
  await shows(next, 'Perch and pike');
});

test('the page is sound on a phone and a desk, light, dark and in contrast', async () => {
  const guest = await visitor();
  await ask(guest, 'Is somebody there?');
  await want_person(guest);
  for (const [size, style] of [['phone', 'light'], ['phone', 'dark'], ['desktop', 'light'], ['desktop', 'contrast']]) {
    const tab = await console_of(p, 'anna', 'live', look(size, style), lost);
    await tab.locator('.list .items a').first().waitFor();
    await sound(tab, `live-${size}-${style}`);
    await tab.locator('.list .items a').first().click();
    await tab.locator('.live').waitFor();
    if (await tab.locator('button:has-text("Take over")').count())
      await tab.locator('button:has-text("Take over")').click();
    await tab.locator('.composer').waitFor();
    await sound(tab, `live-talk-${size}-${style}`);
    await tab.close();
  }
});
