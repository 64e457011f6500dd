/* The chat as somebody meets it who has come with a question. */
import {test} from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import {context, page, program, chat, ask, question, lake, quiet, until, sleep, ENTRY} from './harness.mjs';

const p = await program();
const stored = (tab) => tab.evaluate(() => [Object.keys(localStorage), Object.keys(sessionStorage), document.cookie]);
const texts = (tab, selector) => tab.locator(selector).allInnerTexts();

test('nothing is stored and privacy is said before the first question', async () => {
  const ctx = await context(), tab = await page(ctx);
  await chat(tab, p.url);
  assert.match(await tab.innerText('main > :first-child'), /^Automated assistant\. .*personal details\..*Privacy/);
  await tab.fill('#q', 'How de');
  await tab.waitForSelector('#ahead:not([hidden])');
  assert.deepEqual(await stored(tab), [[], [], '']);
  assert.deepEqual(await ctx.cookies(), []);
  quiet(tab);
});

test('an answer is the owner’s words with their source, and opens nothing but that', async () => {
  const tab = await page(await context());
  await chat(tab, p.url);
  await ask(tab, question(0));
  assert.match(await tab.innerText('.bot blockquote'), /Lake Balurin is 100 metres deep\./);
  assert.equal(await tab.locator('.bot blockquote li').count(), 2);
  const source = tab.locator('.bot footer a');
  assert.match(await source.getAttribute('href'), /^https:\/\/lakes\.example\/depths/);
  assert.equal(await source.getAttribute('target'), '_blank');
  assert.match(await tab.innerText('.bot time'), /2026/);
  const link = await tab.getAttribute('.bot .link', 'href');
  const shared = await page(await context());
  await shared.goto(p.url + link);
  assert.match(await shared.innerText('h1'), /How deep is lake Balurin\?/);
  quiet(tab);
  quiet(shared);
});

test('a table is a table', async () => {
  const tab = await page(await context());
  await chat(tab, p.url);
  await ask(tab, 'Which boats may I rent on the lakes?');
  assert.deepEqual(await texts(tab, '.bot th'), ['Boat', 'Price a day', 'Seats and what else there is to know about it']);
  assert.equal(await tab.locator('.bot tbody tr').count(), 2);
});

test('letters are large enough that no phone zooms by itself, and people may', async () => {
  const tab = await page(await context());
  await chat(tab, p.url);
  assert.ok(await tab.$eval('#q', (e) => parseFloat(getComputedStyle(e).fontSize)) >= 16);
  assert.doesNotMatch(await tab.getAttribute('meta[name=viewport]', 'content'), /user-scalable|maximum-scale/);
});

test('starters ask, and leave', async () => {
  const tab = await page(await context());
  await chat(tab, p.url);
  await tab.click('#starters .chip >> nth=0');
  await tab.waitForSelector('.bot');
  assert.equal(await tab.locator('#starters').isVisible(), false);
  assert.equal(await tab.locator('.me').count(), 1);
});

test('what is half typed is completed from the index', async () => {
  const tab = await page(await context());
  await chat(tab, p.url);
  await tab.type('#q', 'cosmeda');
  await tab.waitForSelector('#ahead [role=option]');
  assert.equal(await tab.getAttribute('#q', 'aria-expanded'), 'true');
  await tab.press('#q', 'ArrowDown');
  const id = await tab.getAttribute('#q', 'aria-activedescendant');
  assert.equal(await tab.innerText('#' + id), question(1));
  await tab.press('#q', 'ArrowUp');
  assert.equal(await tab.getAttribute('#q', 'aria-activedescendant'), null);
  await tab.press('#q', 'Escape');
  assert.equal(await tab.locator('#ahead').isVisible(), false);
  assert.equal(await tab.inputValue('#q'), 'cosmeda');
  await tab.type('#q', ' ');
  await tab.waitForSelector('#ahead [role=option]');
  await tab.click('#ahead [role=option]');
  await tab.waitForSelector('.bot');
  assert.match((await texts(tab, '.me'))[0], /How deep is lake Cosmeda\?/);
  quiet(tab);
});

test('a vote is kept, a no may say why, and both can be taken back', async () => {
  const tab = await page(await context());
  await chat(tab, p.url);
  await ask(tab, question(0));
  await tab.click('.thumb:text-is("No")');
  await tab.waitForSelector('.thumb:text-is("No")[aria-pressed=true]');
  await tab.click('.thumb:text-is("Not what I asked")');
  assert.match(await tab.innerText('.thumbs'), /Thank you/);
  await tab.reload();
  await tab.waitForSelector('.thumb:text-is("No")[aria-pressed=true]');
  await tab.click('.thumb:text-is("No")');
  await tab.waitForSelector('.thumb:text-is("No")[aria-pressed=false]');
  quiet(tab);
});

test('a person can be asked for, and no longer', async () => {
  const tab = await page(await context());
  await chat(tab, p.url);
  await ask(tab, 'zygomorphic quasars');
  await tab.click('.person');
  await tab.waitForSelector('.note');
  assert.match(await tab.innerText('.note'), /Someone will answer here/);
  await tab.click('.note button');
  await until(async () => (await texts(tab, '.note')).length === 2, 'the end of waiting');
  await ask(tab, 'I want to talk to a human'); /* the words do what the button does */
  await until(async () => /Someone will answer here/.test((await texts(tab, '.note'))[2]), 'the queue');
  await ask(tab, 'never mind');
  await until(async () => (await texts(tab, '.note')).length === 4, 'the end of waiting again');
  assert.equal(await tab.locator('.note button').count(), 0);
  quiet(tab);
});

test('when nobody is there it is said until when, and an answer may come by e-mail', async () => {
  const day = new Date(Date.now() + 3 * 86400_000); /* the only one with somebody there */
  const closed = await program(`staff: {hours: [${day.toLocaleDateString('en', {weekday: 'short'})} 09:00-10:00]}\n`);
  const ctx = await context(), tab = await page(ctx), other = await page(ctx);
  await chat(tab, closed.url);
  await ask(tab, 'zygomorphic quasars');
  await chat(other, closed.url);
  await ask(tab, 'agent'); /* as good as the button, and nothing to write to anybody */
  await tab.waitForSelector('.mail');
  assert.match(await tab.innerText('.note'), new RegExp(`Nobody is available.* We are back on ${day.toLocaleDateString('en', {weekday: 'long'})}`));
  assert.equal(await tab.getAttribute('.note a', 'href'), 'mailto:careers@lakes.example');
  assert.equal(await tab.inputValue('[name=email_note]'), 'zygomorphic quasars');
  await tab.click('.mail .go');
  assert.equal(await tab.locator('.note').count(), 1); /* an address is needed */
  await tab.fill('[name=email]', 'ann@lakes.example');
  await tab.press('[name=email]', 'Enter');
  await until(async () => /will answer by e-mail/.test((await texts(tab, '.note'))[1]), 'the promise');
  assert.equal(await tab.locator('.mail').count(), 0);
  await until(async () => (await texts(other, '.note')).length === 2, 'the other tab');
  assert.equal(await other.locator('.mail').count(), 0);
  assert.doesNotMatch(await other.content(), /ann@/); /* the address is in no transcript */
  quiet(tab);
});

test('the chat can be taken along and deleted', async () => {
  const tab = await page(await context());
  await chat(tab, p.url);
  await tab.click('#menu summary');
  assert.deepEqual(await texts(tab, '#menu button:visible'), ['Ask a person']);
  await tab.keyboard.press('Escape');
  await ask(tab, question(0));
  await tab.click('#menu summary');
  const [file] = await Promise.all([tab.waitForEvent('download'), tab.click('#menu button:has-text("Download")')]);
  assert.match(fs.readFileSync(await file.path(), 'utf8'), /^You: How deep is lake Balurin\?\n\nAssistant: Lake Balurin is 100/);
  const token = await tab.evaluate(() => localStorage.guidepost);
  await tab.click('#menu summary');
  await tab.click('#menu button:has-text("Delete")');
  await tab.click('dialog >> text=Cancel');
  assert.equal(await tab.locator('.bot').count(), 1);
  await tab.click('#menu summary');
  await tab.click('#menu button:has-text("Delete")');
  await tab.click('dialog .danger');
  await until(async () => await tab.locator('#log > li').count() === 0, 'the chat to go');
  await until(async () => !(await stored(tab))[0].length, 'the browser to forget');
  assert.equal(await tab.locator('#starters').isVisible(), true);
  /* The server has forgotten, too: the old token leads to nothing. */
  await tab.evaluate((tok) => localStorage.setItem('guidepost', tok), token);
  await tab.reload();
  await tab.waitForSelector('#menu:not([hidden])', {state: 'attached'});
  await sleep(500);
  assert.equal(await tab.locator('#log > li').count(), 0);
  quiet(tab);
});

test('a reload and a second tab show the same chat, and both go on with it', async () => {
  const ctx = await context(), one = await page(ctx), two = await page(ctx);
  await chat(two, p.url); /* was open before the session began */
  await chat(one, p.url);
  await ask(one, question(0));
  await two.waitForSelector('.bot');
  await ask(two, question(1));
  await until(async () => await one.locator('.bot').count() === 2, 'the first tab to follow');
  await one.reload();
  await until(async () => await one.locator('.bot').count() === 2, 'the chat after the reload');
  const seqs = (tab) => tab.$$eval('#log > li', (items) => items.map((item) => +item.dataset.seq));
  assert.deepEqual(await seqs(one), [1, 2, 3, 4]);
  assert.deepEqual(await seqs(two), [1, 2, 3, 4]);
  quiet(one);
  quiet(two);
});

test('a half-written question survives a reload once there is a chat', async () => {
  const tab = await page(await context());
  await chat(tab, p.url);
  await ask(tab, question(0));
  await tab.type('#q', 'How de');
  await tab.reload();
  assert.equal(await tab.inputValue('#q'), 'How de');
});

test('what is asked offline is sent when there is a line again', async () => {
  const ctx = await context(), tab = await page(ctx, /ERR_INTERNET_DISCONNECTED|WebSocket/);
  await chat(tab, p.url);
  await ask(tab, question(0));
  await ctx.setOffline(true);
  await tab.evaluate(() => dispatchEvent(new Event('offline')));
  /* Chromium leaves open WebSockets alone: the program hangs up. */
  await p.kill();
  await tab.fill('#q', question(1));
  await tab.press('#q', 'Enter');
  await until(async () => /Will be sent/.test((await texts(tab, '.me'))[1]), 'a remark on the question');
  assert.match(await tab.innerText('#state'), /offline/);
  await p.start();
  await tab.reload().catch(() => {}); /* offline: the reload fails, the question must not be lost */
  await ctx.setOffline(false);
  await tab.goto(p.url);
  await until(async () => await tab.locator('.bot').count() === 2, 'the second answer');
  assert.match((await texts(tab, '.bot'))[1], new RegExp(lake(1)));
  assert.equal(await tab.locator('.me').count(), 2);
  assert.equal(await tab.innerText('#state'), '');
});

test('each message is announced once, and the list itself is silent', async () => {
  const tab = await page(await context());
  await chat(tab, p.url);
  await tab.evaluate(() => {
    window.said = [];
    new MutationObserver((all) => all.forEach((m) => m.addedNodes.forEach((n) => said.push(n.textContent))))
      .observe(document.getElementById('say'), {childList: true});
  });
  await ask(tab, question(0));
  await ask(tab, question(1));
  assert.deepEqual((await tab.evaluate(() => said)).map((text) => text.split('\n')[0]),
    ['Assistant: Lake Balurin is 100 metres deep.', 'Assistant: Lake Cosmeda is 101 metres deep.']);
  assert.equal(await tab.locator('#log[aria-live], #log [aria-live], #main[aria-live]').count(), 0);
  await until(async () => !await tab.locator('#say p').count(), 'the announcement to go');
  await tab.reload();
  await tab.waitForSelector('.bot');
  await sleep(300);
  assert.equal(await tab.locator('#say p').count(), 0); /* what was read before is not read again */
});

test('who reads further up is left in peace', async () => {
  const tab = await page(await context({viewport: {width: 390, height: 500}}));
  await chat(tab, p.url);
  for (let i = 0; i < 3; i++)
    await ask(tab, question(i));
  const other = await page(tab.context());
  await chat(other, p.url);
  await tab.evaluate(() => document.getElementById('main').scrollTop = 0);
  await ask(other, question(3));
  await tab.waitForSelector('#newer:not([hidden])');
  assert.equal(await tab.evaluate(() => document.getElementById('main').scrollTop), 0);
  await tab.click('#newer');
  await tab.waitForSelector('#newer', {state: 'hidden'});
  assert.ok(await tab.evaluate(() => document.getElementById('main').scrollTop > 100));
});

test('everything can be done by keyboard alone', async () => {
  const tab = await page(await context());
  await chat(tab, p.url);
  const focused = () => tab.evaluate(() => document.activeElement.textContent.trim() || document.activeElement.id);
  /* Tab until that has the focus; every stop on the way has a ring. */
  const go = async (wanted, key = 'Tab') => {
    for (let i = 0; i < 60; i++) {
      await tab.keyboard.press(key);
      const ring = await tab.evaluate(() => document.activeElement === document.body || getComputedStyle(document.activeElement).outlineStyle !== 'none');
      assert.ok(ring, `${await focused()} has no focus ring`);
      if ((await focused()).startsWith(wanted))
        return;
    }
    assert.fail(wanted + ' cannot be reached');
  };
  await go('q');
  await tab.keyboard.type(question(0));
  await tab.keyboard.press('Enter');
  await tab.waitForSelector('.bot');
  assert.equal(await focused(), 'q'); /* an answer takes no focus */
  await go('Yes', 'Shift+Tab');
  await tab.keyboard.press('Enter');
  await tab.waitForSelector('.thumb:text-is("Yes")[aria-pressed=true]');
  await go('More', 'Shift+Tab');
  await tab.keyboard.press('Enter');
  await go('Delete');
  await tab.keyboard.press('Escape');
  assert.equal(await focused(), 'More');
  await tab.keyboard.press('Enter');
  await go('Delete');
  await tab.keyboard.press('Enter');
  await go('Delete', 'Tab');
  await tab.keyboard.press('Enter');
  await until(async () => !await tab.locator('#log > li').count(), 'the chat to go');
  quiet(tab);
});

test('without JavaScript it is a form that works', async () => {
  const tab = await page(await context({javaScriptEnabled: false}));
  await tab.goto(p.url + '/?lang=de');
  assert.match(await tab.innerText('.privacy'), /Automatischer Assistent/);
  await tab.fill('#q', question(0));
  await tab.press('#q', 'Enter');
  await tab.waitForSelector('.bot');
  assert.match(await tab.innerText('.bot'), /100 metres deep/);
  assert.match(await tab.innerText('h1'), /Lake assistant/);
  assert.match(await tab.innerText('.privacy'), /Automatischer Assistent/); /* still German */
  await tab.click('.chip >> nth=0');
  await tab.waitForSelector('.me');
  assert.equal(await tab.locator('.me').count(), 1);
  quiet(tab);
});

test('each language has its direction, and each message its own', async () => {
  for (const lang of ['en', 'es', 'fr', 'de', 'ar']) {
    const tab = await page(await context({locale: lang}));
    await chat(tab, p.url);
    assert.equal(await tab.getAttribute('html', 'lang'), lang);
    assert.equal(await tab.getAttribute('html', 'dir'), lang === 'ar' ? 'rtl' : 'ltr');
    await ask(tab, 'ما عمق Balurin؟');
    assert.equal(await tab.$eval('.me p', (e) => getComputedStyle(e).direction), 'rtl');
    await ask(tab, question(0));
    assert.equal(await tab.$eval('.bot:last-child blockquote', (e) => getComputedStyle(e).direction), 'ltr');
    quiet(tab);
  }
});

test('hostile text stays text', async () => {
  const tab = await page(await context());
  await chat(tab, p.url);
  const evil = '<img src=x onerror=alert(1)><b>Balurin</b> "\'&{{title}}';
  await ask(tab, evil);
  assert.equal((await texts(tab, '.me p'))[0], evil);
  assert.equal(await tab.locator('#log img, #log b').count(), 0);
  await ask(tab, 'x'.repeat(1990));
  assert.equal(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  quiet(tab);
});

test('the pages of single answers and of a search are found by each other', async () => {
  const tab = await page(await context({javaScriptEnabled: false}));
  await tab.goto(`${p.url}/a/${ENTRY}`);
  await tab.fill('#q', 'Cosmeda depth');
  await tab.press('#q', 'Enter');
  await tab.waitForSelector('.hits');
  await tab.click('.hits a >> nth=0');
  assert.match(await tab.innerText('h1'), /Cosmeda/);
  await tab.click('text=All questions');
  assert.ok(await tab.locator('.found a').count() > 20);
  quiet(tab);
});
