/* The pages of the administration, as somebody uses them: a second factor set up with a phone and used, users and tokens made and taken
 * away, the audit read and checked, settings looked up, somebody's conversation found, exported and erased. Each state is sound. */
import {test} from 'node:test';
import assert from 'node:assert/strict';
import {createHmac} from 'node:crypto';
import fs from 'node:fs';
import {ask, chat, context, page, quiet} from './harness.mjs';
import {api, desk, console_of, log_in, look, ready, sound, PASSWORD} from './staff.mjs';

const p = await desk();

/* What an authenticator app shows (RFC 6238). */
function code_of(secret, steps = 0) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret.replaceAll(' ', '')].map((c) => letters.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const mac = createHmac('sha1', key).update(counter).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

const button = (tab, name) => tab.getByRole('button', {name, exact: false});
const dialog_gone = (tab) => tab.waitForSelector('dialog', {state: 'detached'});

test('a second factor is set up with a phone, and asked for at the next login', async () => {
  const tab = await console_of(p, 'anna', 'account', look('phone', 'light'), /status of 40[13]/);
  await button(tab, 'Set it up').click();
  await tab.fill('dialog [name=password]', 'not mine');
  await button(tab, 'Go on').click();
  await tab.waitForSelector('dialog .problem');
  await tab.fill('dialog [name=password]', PASSWORD);
  await button(tab, 'Go on').click();
  await tab.waitForSelector('dialog svg.qr path');
  await sound(tab, 'factor-qr');
  const secret = await tab.textContent('dialog .secret code');
  await tab.fill('dialog [name=code]', code_of(secret, -1));
  await button(tab, 'Confirm').click();
  await tab.waitForSelector('dialog .codes');
  await sound(tab, 'factor-codes');
  const codes = (await tab.textContent('dialog .codes')).split('\n');
  assert.equal(codes.length, 10);
  await button(tab, 'I have kept them').click();
  await dialog_gone(tab);
  assert.match(await tab.textContent('main'), /10 recovery\s+codes are left/);
  /* again, from another browser: the door asks when the password was right */
  const other = await page(await context(), /status of 401/);
  await other.goto(p.url + '/staff/account');
  await other.fill('[name=name]', 'anna');
  await other.fill('[name=password]', PASSWORD);
  assert.equal(await other.locator('[name=totp]').count(), 0);
  await other.press('[name=password]', 'Enter');
  await other.waitForSelector('[name=totp]');
  await sound(other, 'door-code');
  await other.fill('[name=totp]', '000000');
  await other.press('[name=totp]', 'Enter');
  await other.waitForSelector('[role=alert]');
  await other.fill('[name=totp]', codes[0]);
  await other.press('[name=totp]', 'Enter');
  await other.waitForSelector('nav', {state: 'attached'});
  await ready(other);
  assert.match(await other.textContent('main'), /9 recovery\s+codes are left/);
  /* there are two sessions; this one ends the other */
  assert.match(await other.textContent('main'), /Chrome \d+, Linux/);
  await button(other, 'End all others').click();
  await other.waitForFunction(() => document.querySelectorAll('[aria-label=Sessions] tbody tr').length === 1);
  assert.equal(await tab.evaluate(() => fetch('/staff/api/me').then((r) => r.status)), 401);
  quiet(other);
  quiet(tab);
});

test('users come, change and go', async () => {
  const tab = await console_of(p, 'adam', 'users', {}, /status of 4(01|09|22)/);
  const row = (name) => tab.locator('[aria-label=Users] tbody tr', {hasText: name});
  await button(tab, 'New user').click();
  await sound(tab, 'user-new');
  await tab.fill('dialog [name=name]', 'carl@example.edu');
  await tab.fill('dialog [name=password]', PASSWORD);
  await tab.selectOption('dialog select', 'viewer');
  await tab.getByRole('button', {name: 'Add', exact: true}).click();
  await dialog_gone(tab);
  await row('carl@example.edu').getByText('viewer').waitFor();
  await row('carl@example.edu').getByRole('button', {name: 'Role'}).click();
  await tab.selectOption('dialog select', 'editor');
  await button(tab, 'Change it').click();
  await dialog_gone(tab);
  await row('carl@example.edu').getByText('editor').waitFor();
  await row('anna').getByRole('button', {name: 'Reset code'}).click();
  await button(tab, 'Take it away').click();
  await dialog_gone(tab);
  await row('anna').getByText('password', {exact: true}).waitFor();
  await row('carl@example.edu').getByRole('button', {name: 'Remove'}).click();
  await tab.locator('dialog').getByRole('button', {name: 'Remove'}).click();
  await dialog_gone(tab);
  await row('carl@example.edu').waitFor({state: 'detached'});
  /* the last admin stays one */
  await row('adam').getByRole('button', {name: 'Remove'}).click();
  await tab.locator('dialog').getByRole('button', {name: 'Remove'}).click();
  await tab.locator('dialog .problem').getByText('last admin').waitFor();
  await tab.keyboard.press('Escape');
  await dialog_gone(tab);
  quiet(tab);
});

test('a token is made, shown once, works, and is revoked', async () => {
  const tab = await console_of(p, 'adam', 'users', look('phone', 'dark'), /status of 401/);
  await button(tab, 'New token').click();
  await tab.fill('dialog input:not([type=checkbox])', 'nightly report');
  await sound(tab, 'token-new');
  await button(tab, 'Make it').click();
  await tab.waitForSelector('dialog .secret');
  await sound(tab, 'token-made');
  const token = await tab.textContent('dialog .secret code');
  assert.match(token, /^guidepost_pat_[\w-]{43}$/);
  await button(tab, 'Done').click();
  await dialog_gone(tab);
  const use = () => fetch(p.url + '/staff/api/queue', {headers: {Authorization: 'Bearer ' + token}}).then((r) => r.status);
  assert.equal(await use(), 200);
  await ready(tab);
  assert.ok(!(await tab.content()).includes(token));
  await button(tab, 'Revoke nightly report').click();
  await tab.locator('dialog').getByRole('button', {name: 'Revoke'}).click();
  await dialog_gone(tab);
  assert.equal(await use(), 401);
  quiet(tab);
});

test('the audit is filtered, checked and taken away', async () => {
  const tab = await console_of(p, 'adam', 'audit', {acceptDownloads: true});
  await tab.fill('[name=action]', 'user');
  await tab.fill('[name=object]', 'carl@example.edu');
  await button(tab, 'Show').click();
  await tab.waitForURL(/action=user&object=carl/);
  await tab.waitForFunction(() => document.querySelectorAll('[aria-label="What was done"] tbody tr').length === 3);
  await button(tab, 'Check all rows').click();
  await tab.getByText(/rows, each as written/).waitFor();
  await sound(tab, 'audit-checked');
  const [file] = await Promise.all([tab.waitForEvent('download'), button(tab, 'Export').click()]);
  assert.equal(file.suggestedFilename(), 'audit.jsonl');
  const rows = fs.readFileSync(await file.path(), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(rows.map((r) => r.id), rows.map((_, i) => i + 1));
  assert.ok((await api(tab, 'audit?action=audit.export')).rows.length === 1);
  quiet(tab);
});

test('settings are shown with where they come from, and the line for other pages', async () => {
  const tab = await console_of(p, 'adam', 'settings');
  assert.match(await tab.textContent('main'), /guidepost\.yaml/);
  assert.match(await tab.textContent('pre.codes'), new RegExp(`<script src="${p.url}/widget.js" async data-auto></script>`));
  await tab.fill('[type=search]', 'second factor');
  await tab.waitForFunction(() => [...document.querySelectorAll('tbody th')].some((th) => th.textContent === 'staff.second_factor'));
  await sound(tab, 'settings-found');
  quiet(tab);
});

test('somebody\'s conversation is found, taken out and erased', async () => {
  const WORD = 'zanzibarquux', visitor = await page(await context());
  await chat(visitor, p.url + '/chat');
  await ask(visitor, `is a ${WORD} deep?`);
  const tab = await console_of(p, 'adam', 'erase', {acceptDownloads: true, ...look('phone', 'light')}, /status of 40[14]|status of 422/);
  await tab.fill('[name=text]', WORD);
  await button(tab, 'Find').click();
  await tab.waitForSelector('[aria-label=Conversations] tbody tr');
  const [file] = await Promise.all([tab.waitForEvent('download'), button(tab, 'Export web:').click()]);
  assert.match(fs.readFileSync(await file.path(), 'utf8'), new RegExp(WORD));
  await button(tab, 'Erase …').click();
  await tab.locator('dialog').getByText('Questions and replies').waitFor();
  await sound(tab, 'erase-dialog');
  await tab.fill('dialog input', 'yes');
  await tab.locator('dialog').getByRole('button', {name: 'Erase'}).click();
  await tab.waitForSelector('dialog .problem');
  await tab.fill('dialog input', 'erase');
  await tab.locator('dialog').getByRole('button', {name: 'Erase'}).click();
  await dialog_gone(tab);
  await tab.getByText('Nothing is kept in which this stands.').waitFor();
  await visitor.waitForFunction((w) => !document.body.textContent.includes(w), WORD); /* the open chat, too */
  for (const name of fs.readdirSync(`${p.folder}/data`).filter((n) => n.startsWith('state.db')))
    assert.ok(!fs.readFileSync(`${p.folder}/data/${name}`).includes(WORD), name);
  quiet(tab);
});

test('who needs a second factor is led to it', async () => {
  const q = await desk('staff: {second_factor: editor}\n');
  const tab = await console_of(q, 'edith', '', {}, /status of 40[13]/);
  assert.match(await tab.textContent('main'), /needs a second factor/);
  await sound(tab, 'factor-needed');
  await tab.click('main a:has-text("Set it up")');
  await button(tab, 'Set it up').waitFor();
  assert.match(await tab.textContent('main'), /you can do nothing else/);
  quiet(tab);
  const agent = await page(await context(), /status of 401/);
  await agent.goto(q.url + '/staff/');
  await log_in(agent, 'bert');
  await agent.waitForSelector('main h1');
  assert.doesNotMatch(await agent.textContent('main'), /second factor/);
});
