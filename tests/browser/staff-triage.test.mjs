/* The triage queue, as staff uses it: by keys alone, two of them at once, over reloads and ended sessions. */
import {test} from 'node:test';
import assert from 'node:assert/strict';
import {context, page, quiet, until} from './harness.mjs';
import {desk, console_of, log_in, unanswered, ready, api} from './staff.mjs';

const p = await desk();
const id_of = (tab) => +new URL(tab.url()).searchParams.get('id');
const ticket = (tab, id) => api(tab, 'ticket?id=' + id);
const open_now = async (tab) => (await api(tab, 'queue')).open.all;
/* What a screen reader was told since; the live region forgets quickly. */
const listen = (tab) => tab.evaluate(() => {
  window.said = [];
  new MutationObserver((all) => all.forEach((m) => m.addedNodes.forEach((n) => window.said.push(n.textContent))))
    .observe(document.getElementById('say'), {childList: true});
});
const said = (tab) => tab.evaluate(() => window.said);
const heard = (tab, what) => until(async () => (await said(tab)).some((s) => what.test(s)), `to hear ${what}`);

test('ten questions are triaged by keyboard alone', async (t) => {
  for (const one of ['zygomorphic quasars', 'wandering albatrosses', 'Byzantine mosaics', 'molten basalt', 'haunted lighthouses', 'knitted trousers',
    'purple xylophones', 'feral gnomes', 'quilted parachutes', 'sleepy volcanologists'])
    await unanswered(p, `who invented ${one}`);
  const tab = await page(await context(), /status of 401/), began = Date.now();
  await tab.goto(p.url + '/staff/');
  await tab.waitForSelector('[name=name]');
  await tab.keyboard.press('Tab');
  await tab.keyboard.type('anna');
  await tab.keyboard.press('Tab');
  await tab.keyboard.type('correct horse battery');
  await tab.keyboard.press('Enter');
  await tab.waitForSelector('.items a');
  await listen(tab);
  await tab.keyboard.press('j');
  const ids = [];
  for (let i = 0; i < 10; i++) {
    await tab.waitForSelector('.ticket');
    const id = await until(() => id_of(tab), 'a question to be chosen');
    assert.ok(!ids.includes(id), `${id} a second time`);
    ids.push(id);
    await until(() => tab.$eval('.ticket .line', (el, n) => el.textContent.includes('#' + n), id).catch(() => false), 'its page');
    if (i % 3 === 2) {
      await tab.keyboard.press('n');
      await tab.waitForSelector('dialog[open] textarea');
      await tab.keyboard.type('Ask the observatory.');
      await tab.keyboard.press('Control+Enter');
      await tab.waitForSelector('.log');
    }
    await tab.keyboard.press(i % 2 ? 'e' : 'i');
    if (i < 9)
      await until(() => id_of(tab) && id_of(tab) !== id, 'the next one to be chosen');
  }
  await heard(tab, /Nothing is open here any more/);
  t.diagnostic(`${((Date.now() - began) / 1000).toFixed(1)} s`);
  assert.ok(Date.now() - began < 120_000);
  const all = await said(tab);
  assert.equal(all.filter((s) => /^\d+ of \d+: who invented/.test(s)).length, 10, all.join('\n'));
  assert.equal(await open_now(tab), 0);
  for (const [i, id] of ids.entries()) {
    const {state, owner, log} = await ticket(tab, id);
    assert.deepEqual([state, owner, log.length], [i % 2 ? 'closed' : 'ignored', 'anna', i % 3 === 2 ? 2 : 1]);
  }
  quiet(tab);
});

test('of two who claim one question the first has it, and the other is told', async () => {
  const id = await unanswered(p, 'who feeds the wombats');
  const anna = await console_of(p, 'anna', `triage?id=${id}`), bert = await console_of(p, 'bert', `triage?id=${id}`, {}, /status of 40[19]/);
  await Promise.all([anna, bert].map((tab) => tab.waitForSelector('.ticket')));
  await anna.keyboard.press('c');
  await anna.waitForSelector('.ticket >> text=with anna');
  await bert.keyboard.press('c');
  await bert.waitForSelector('.problem >> text=faster');
  await bert.waitForSelector('text=Take it from anna');
  assert.equal((await ticket(anna, id)).owner, 'anna');
  await bert.keyboard.press('e'); /* not his, so the key does nothing */
  await bert.click('text=Take it from anna');
  await bert.waitForSelector('.ticket >> text=with bert');
  await bert.keyboard.press('e');
  await until(async () => (await ticket(anna, id)).state === 'closed', 'it to be closed');
  quiet(anna);
  quiet(bert);
});

test('what was done is undone, and the question is there again', async () => {
  const id = await unanswered(p, 'what do wombats dream of'), tab = await console_of(p, 'anna', `triage?id=${id}`);
  await tab.waitForSelector('.ticket');
  await tab.keyboard.press('e');
  await tab.waitForSelector('.toast >> text=Closed');
  assert.equal((await ticket(tab, id)).state, 'closed');
  await tab.keyboard.press('u');
  await until(async () => (await ticket(tab, id)).state === 'new', 'it to be open');
  await until(() => id_of(tab) === id, 'it to be chosen');
  await tab.waitForSelector('.log >> text=undid that');
  quiet(tab);
});

test('an address is a view: it survives reloads, and the door', async () => {
  const id = await unanswered(p, 'how heavy is a wombat on mars'), at = `triage?what=none&q=wombat&id=${id}`;
  const tab = await console_of(p, 'anna', at), shown = () => tab.waitForSelector('.ticket >> text=how heavy is a wombat on mars');
  await shown(); /* the door did not forget where to */
  assert.equal(tab.url(), `${p.url}/staff/${at}`);
  await tab.reload();
  await shown();
  assert.equal(await tab.getAttribute('.filters a[aria-current]', 'href'), `/staff/triage?what=none&q=wombat`);
  assert.equal(await tab.inputValue('#search'), 'wombat');
  await tab.click('.filters >> text=Done');
  await tab.waitForSelector('.items >> text=what do wombats', {state: 'detached'});
  await tab.goBack();
  await shown();
  quiet(tab);
});

test('who may only look sees the queue and nothing to press', async () => {
  await unanswered(p, 'may viewers see the wombats');
  const tab = await console_of(p, 'vera'), before = await open_now(tab);
  await tab.waitForSelector('.items >> text=may viewers');
  await tab.keyboard.press('j');
  await tab.waitForSelector('.detail >> text=role agent');
  assert.equal(await tab.locator('.ticket, .detail button').count(), 0);
  for (const key of 'ceino')
    await tab.keyboard.press(key);
  assert.equal(await open_now(tab), before);
  quiet(tab);
});

test('single keys can be moved and switched off', async () => {
  const id = await unanswered(p, 'which key opens the wombat house'), tab = await console_of(p, 'anna', `triage?id=${id}`);
  await tab.waitForSelector('.ticket');
  await tab.keyboard.press('?');
  await tab.click('[aria-label="Change the key for: claim it"]');
  await tab.keyboard.press('q');
  await tab.keyboard.press('Escape');
  await tab.waitForSelector('dialog', {state: 'detached'});
  await tab.keyboard.press('c'); /* is nothing now */
  await tab.keyboard.press('q');
  await tab.waitForSelector('.ticket >> text=with anna');
  await tab.reload(); /* and it is remembered */
  await tab.waitForSelector('.ticket');
  await tab.keyboard.press('?');
  await tab.click('dialog input[type=checkbox]');
  await tab.keyboard.press('Escape');
  await tab.waitForSelector('dialog', {state: 'detached'});
  await tab.keyboard.press('e');
  await tab.keyboard.press('?');
  await ready(tab);
  assert.equal(await tab.locator('dialog').count(), 0);
  assert.equal((await ticket(tab, id)).state, 'claimed');
  await tab.click('text=Keys'); /* it can still be reached */
  await tab.click('text=As they were');
  await tab.click('text=Done >> nth=-1');
  await tab.keyboard.press('e');
  await until(async () => (await ticket(tab, id)).state === 'closed', 'keys to work again');
  quiet(tab);
});

test('a session that ends while somebody writes costs nothing', async () => {
  const id = await unanswered(p, 'does a wombat forget'), tab = await console_of(p, 'anna', `triage?id=${id}`);
  await tab.waitForSelector('.ticket');
  await tab.keyboard.press('n');
  await tab.fill('dialog textarea', 'A long and thoughtful note.');
  await tab.context().clearCookies();
  await tab.keyboard.press('Control+Enter');
  await tab.waitForSelector('dialog >> text=session has ended');
  await log_in(tab, 'anna');
  await tab.waitForSelector('.log >> text=A long and thoughtful note.');
  quiet(tab);
});

test('who is signed on by a server in front is let in without a door', async () => {
  const front = await desk('staff: {auth: proxy, proxies: [127.0.0.1]}\n');
  const tab = await page(await context({extraHTTPHeaders: {'X-Remote-User': 'anna'}}), /status of 401/);
  await tab.goto(front.url + '/staff/');
  await tab.waitForSelector('.me >> text=anna');
  await tab.context().clearCookies(); /* the session has ended; the next request begins another one */
  await tab.click('.filters >> text=Mine');
  await tab.waitForSelector('.empty >> text=There is nothing here');
  quiet(tab);
  const nobody = await page(await context(), /status of 401/);
  await nobody.goto(front.url + '/staff/');
  await nobody.waitForSelector('.problem >> text=Nobody says who you are');
  quiet(nobody);
});

test('what is wrong at the door is said', async () => {
  const tab = await page(await context(), /status of 401/);
  await tab.goto(p.url + '/staff/');
  await tab.fill('[name=name]', 'vera');
  await tab.fill('[name=password]', 'wrong horse battery');
  await tab.press('[name=password]', 'Enter');
  await tab.waitForSelector('[role=alert] >> text=Name or password is wrong');
  /* a browser that keeps no cookie, as one does on plain http elsewhere */
  await tab.route('**/staff/api/login', async (route) => {
    const reply = await route.fetch(), headers = {...reply.headers()};
    delete headers['set-cookie'];
    await tab.context().clearCookies();
    await route.fulfill({response: reply, headers});
    await tab.context().clearCookies();
  });
  await tab.route('**/staff/api/me', async (route) => {
    await tab.context().clearCookies();
    await route.fulfill({status: 401, contentType: 'application/problem+json', body: '{"code":"login","title":"Please log in"}'});
  });
  await tab.fill('[name=password]', 'correct horse battery');
  await tab.press('[name=password]', 'Enter');
  await tab.waitForSelector('[role=alert] >> text=did not keep the login cookie');
  quiet(tab);
});
