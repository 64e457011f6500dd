/* Nothing lost, nothing doubled, nothing out of order, as seen on the screen: visitors with two tabs each ask while their line
 * is cut and the program is killed under them. In the suite the numbers are small; GUIDEPOST_FAULTS=20 makes it that many
 * rounds (2,400 questions, more than 500 cuts, 60 kills). */
import {test, after} from 'node:test';
import assert from 'node:assert/strict';
import {context, page, program, chat, question, lake, until, sleep} from './harness.mjs';
import {faulty, noWebSocket, random} from './faults.mjs';

const ROUNDS = +process.env.GUIDEPOST_FAULTS || 1, VISITORS = 2, TABS = 2, QUESTIONS = 30, KILLS = 3;
const seed = +process.env.GUIDEPOST_SEED || Date.now() % 1e9;
const SETTLE_MS = 120_000;

const settings = '';
const p = await program(settings);

/* The tab waits a tenth of the time between attempts: the same dance, only quicker. */
const hurry = () => {
  const real = Math.random;
  Math.random = () => real() / 10;
};

/* A page whose script was cut off is the plain form: somebody would load it again, and so do we. */
const arrive = (tab, url) => until(() => chat(tab, url, 5000).then(() => true, () => false), 'the page', SETTLE_MS);

async function visitor(url) {
  const ctx = await context();
  await ctx.addInitScript(hurry);
  const tabs = [];
  for (let i = 0; i < TABS; i++) {
    const tab = await page(ctx, /WebSocket|ERR_|net::/);
    await arrive(tab, url);
    tabs.push({tab, asked: []});
  }
  return {ctx, tabs};
}

/* All that the list shows, in its order: the lake that is asked about, or that the answer is about. */
const seen = (tab) => tab.$$eval('#log > li', (items) => items.map((item) => ({
  seq: +item.dataset.seq, mine: item.classList.contains('me'),
  lake: /lake (\w+)/i.exec(item.querySelector('p').textContent)?.[1], text: item.querySelector('p').textContent,
})));

async function askAll(who, url, from, draw) {
  for (let i = 0; i < QUESTIONS; i++)
    for (const [k, one] of who.tabs.entries()) {
      /* A number makes each question one of a kind; the words decide the answer. */
      const text = `${question(from + i)} (${k}.${i})`;
      one.asked.push(text);
      await one.tab.fill('#q', text);
      await one.tab.press('#q', 'Enter');
      await sleep(draw() * 120);
      if (draw() < 0.03)
        await arrive(one.tab, url);
    }
}

async function check(who) {
  const total = QUESTIONS * TABS;
  for (const {tab, asked} of who.tabs) {
    const items = await seen(tab);
    const mine = items.filter((item) => item.mine), answers = items.filter((item) => !item.mine);
    assert.deepEqual(items.map((item) => item.seq), Array.from(items, (_, i) => i + 1), 'numbered without a gap, in order');
    assert.equal(new Set(mine.map((item) => item.text)).size, mine.length, 'no question twice');
    assert.equal(mine.length, total, 'no question lost');
    assert.equal(answers.length, total, 'one answer each');
    assert.deepEqual(answers.map((item) => item.lake), mine.map((item) => item.lake), 'answers in the order of the questions');
    assert.deepEqual(mine.map((item) => item.text).filter((text) => asked.includes(text)), asked, 'questions of a tab in the order in which they were asked');
  }
}

test(`${ROUNDS} x ${VISITORS * TABS * QUESTIONS} questions over a line that breaks and a program that is killed`, {timeout: ROUNDS * 600_000}, async (t) => {
  const draw = random(seed);
  t.diagnostic(`GUIDEPOST_SEED=${seed}`);
  const proxy = await faulty(p.port, draw);
  after(() => proxy.close());
  let kills = 0;
  for (let round = 0; round < ROUNDS; round++) {
    proxy.on = true;
    const visitors = [];
    for (let i = 0; i < VISITORS; i++)
      visitors.push(await visitor(proxy.url));
    let asking = true;
    const killer = (async () => {
      for (let k = 0; k < KILLS && asking; k++) {
        await sleep(800 + draw() * 2000);
        await p.kill();
        await p.start();
        kills++;
      }
    })();
    await Promise.all(visitors.map((who, i) => askAll(who, proxy.url, 7 * i, draw)));
    asking = false;
    await killer;
    proxy.on = false;
    for (const who of visitors)
      for (const {tab} of who.tabs)
        await until(async () => (await tab.locator('.bot').count()) >= QUESTIONS * TABS, 'all answers: ' + lake(0), SETTLE_MS)
          .catch(async (e) => { throw new Error(`${e.message}\n${JSON.stringify(await seen(tab))}\n${await tab.evaluate(() => JSON.stringify({...localStorage}))}`); });
    for (const who of visitors)
      await check(who);
    for (const who of visitors)
      await who.ctx.close();
  }
  const cuts = Object.values(proxy.cut).reduce((a, b) => a + b);
  t.diagnostic(`${proxy.connections} connections, cut ${JSON.stringify(proxy.cut)}, killed ${kills}`);
  assert.ok(cuts >= 10 * ROUNDS && kills >= ROUNDS, `${cuts} cuts and ${kills} kills prove nothing`);
});

test('a line that died without a word is noticed when the page is looked at again', async () => {
  const proxy = await faulty(p.port, random(seed));
  after(() => proxy.close());
  proxy.on = false;
  const ctx = await context(), one = await page(ctx), two = await page(ctx);
  await chat(one, proxy.url);
  await one.fill('#q', question(0));
  await one.press('#q', 'Enter');
  await one.waitForSelector('.bot');
  proxy.freeze(); /* the phone sleeps; its network has forgotten the connection */
  await chat(two, proxy.url);
  await two.fill('#q', question(1));
  await two.press('#q', 'Enter');
  await until(async () => await two.locator('.bot').count() === 2, 'the other tab’s answer');
  await one.fill('#q', question(2)); /* into the void */
  await one.press('#q', 'Enter');
  await sleep(500);
  assert.equal(await one.locator('.bot').count(), 1);
  await one.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  for (const tab of [one, two])
    await until(async () => await tab.locator('.bot').count() === 3, 'all of it on both', 15_000);
  assert.deepEqual((await seen(one)).map((item) => item.seq), [1, 2, 3, 4, 5, 6]);
});

test('where no WebSocket gets through, the same goes over HTTP', async () => {
  const server = await noWebSocket(p.port);
  after(() => server.close());
  const ctx = await context();
  await ctx.addInitScript(hurry);
  const one = await page(ctx, /WebSocket|ERR_|net::/), two = await page(ctx, /WebSocket|ERR_|net::/);
  await chat(one, server.url);
  await one.fill('#q', question(0)); /* asked before it is known how */
  await one.press('#q', 'Enter');
  await one.waitForSelector('.bot');
  await chat(two, server.url);
  await two.waitForSelector('.bot');
  await two.fill('#q', question(1));
  await two.press('#q', 'Enter');
  await until(async () => await one.locator('.bot').count() === 2, 'the other tab’s answer');
  await one.type('#q', 'cosmeda');
  await one.waitForSelector('#ahead [role=option]');
  await one.press('#q', 'Escape');
  await one.click('.thumb:text-is("Yes") >> nth=0');
  await one.waitForSelector('.thumb:text-is("Yes")[aria-pressed=true]');
  assert.deepEqual((await seen(one)).map((item) => item.seq), [1, 2, 3, 4]);
  await p.kill();
  await p.start();
  await one.fill('#q', question(2));
  await one.press('#q', 'Enter');
  await until(async () => await two.locator('.bot').count() === 3, 'an answer after the program was killed');
  await one.click('#menu summary');
  await one.click('#menu button:has-text("Delete")');
  await one.click('dialog .danger');
  await until(async () => await one.locator('#log > li').count() === 0, 'the chat to go');
  await until(async () => !(await one.evaluate(() => Object.keys(localStorage))).length, 'the browser to forget');
});

/* Who hears first that a chat was deleted is chance: the tab that did it, from the reply or from what it was waiting for;
 * the other one, from the server or from the browser. So all of these take their time here, each time another. */
test('a deleted chat leaves nothing behind in the browser, whoever hears of it first', async (t) => {
  const draw = random(seed);
  t.diagnostic(`GUIDEPOST_SEED=${seed}`);
  const server = await noWebSocket(p.port, () => draw() < 0.5 ? 0 : draw() * 250);
  after(() => server.close());
  const ctx = await context();
  await ctx.addInitScript(hurry);
  await ctx.addInitScript(() => {
    const listen = window.addEventListener;
    window.addEventListener = function (type, fn, options) {
      listen.call(this, type, type === 'storage' ? (e) => setTimeout(fn, Math.random() * 5000, e) : fn, options); /* see hurry() */
    };
  });
  const tabs = [await page(ctx, /WebSocket|ERR_|net::|401/), await page(ctx, /WebSocket|ERR_|net::|401/)];
  for (const tab of tabs)
    await chat(tab, server.url);
  for (let i = 0; i < 4 * ROUNDS; i++) {
    const [one, two] = draw() < 0.5 ? tabs : [tabs[1], tabs[0]];
    await one.fill('#q', question(i));
    await one.press('#q', 'Enter');
    for (const tab of tabs)
      await until(async () => await tab.locator('.bot').count() === 1, `answer ${i}`);
    await one.click('#menu summary');
    await one.click('#menu button:has-text("Delete")');
    await one.click('dialog .danger');
    for (const tab of tabs)
      await until(async () => await tab.locator('#log > li').count() === 0, `chat ${i} to go`);
    await sleep(1000); /* everything late has come by then */
    assert.deepEqual(await two.evaluate(() => Object.keys(localStorage)), [], `after chat ${i}`);
    for (const tab of tabs)
      assert.equal(await tab.locator('#starters').isVisible(), true, `after chat ${i}`);
  }
});
