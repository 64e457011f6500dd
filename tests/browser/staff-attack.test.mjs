/* What somebody means harm with, in a real browser: pages of another site and of another port of this machine that send forms, fetches,
 * images and WebSockets with the staff's cookie at hand; a session chosen by somebody else; the console in a frame; markup in
 * everything that strangers write, on every page; guessing at the door. */
import {test} from 'node:test';
import assert from 'node:assert/strict';
import {chat, ask, context, host, page, quiet} from './harness.mjs';
import {api, desk, console_of, log_in, ready, unanswered, PASSWORD} from './staff.mjs';

const EVIL = `"><img src=x onerror="window.xss=1"><svg onload="window.xss=2"></svg><script>window.xss=3</script>\${{7*7}}javascript:window.xss=4`;
/* what visitors may leave in fields that are shorter */
const SHORT = `<img src=x onerror=window.xss=5>`;
const p = await desk(`staff: {holidays: []}\n`);
const COOKIE = '__Host-guidepost';

/* As another site (localhost), and as another port of the same machine, which to a cookie is the same site. */
const evil = await host('<!doctype html><title>evil</title><p>evil</p>');
const evils = [evil.url, evil.url.replace('localhost', '127.0.0.1')];
/* What a browser says when it refuses, in words of its own. */
const REFUSED = /status of 40[0-9]|CORS|WebSocket connection|Refused to|net::ERR|Failed to load|frame-ancestors|favicon/;

let ticket;
test('there is a question', async () => {
  ticket = await unanswered(p, 'how many zygomorphic quasars does lake Balurin have');
});

test('a page of another origin changes nothing and takes nothing', async () => {
  const staff = await console_of(p, 'adam');
  const before = (await api(staff, `queue`)).tickets.length, audit = (await api(staff, 'audit?action=ticket.act')).rows.length;
  for (const origin of evils) {
    const tab = await page(staff.context(), REFUSED);
    await tab.goto(origin + '/');
    const heard = await tab.evaluate(async ([url, id]) => {
      const out = [], body = JSON.stringify({id, what: 'claim'});
      const attempt = (name, promise) => promise.then((r) => out.push([name, r]), () => out.push([name, 'refused']));
      const send = (name, options) => attempt(name, fetch(url + '/staff/api/act', {method: 'POST', credentials: 'include', body, ...options})
        .then(async (r) => `${r.type} ${r.status}`));
      await send('plain', {mode: 'no-cors', headers: {'Content-Type': 'text/plain'}});
      await send('json', {headers: {'Content-Type': 'application/json'}});
      await send('beacon', {mode: 'no-cors', keepalive: true});
      await attempt('erase', fetch(url + '/staff/api/erase', {method: 'POST', mode: 'no-cors', credentials: 'include',
        headers: {'Content-Type': 'text/plain'}, body: '{"turn":1,"confirm":"erase"}'}).then((r) => r.type));
      await attempt('read', fetch(url + '/staff/api/queue', {credentials: 'include'}).then((r) => r.text()));
      await attempt('login', fetch(url + '/staff/api/login', {method: 'POST', mode: 'no-cors', credentials: 'include',
        headers: {'Content-Type': 'text/plain'}, body: '{"name":"vera","password":"correct horse battery"}'}).then((r) => r.type));
      await attempt('image', new Promise((go, no) => {
        const img = new Image();
        img.onload = () => go('loaded');
        img.onerror = () => no();
        img.src = url + '/staff/api/export';
      }));
      for (const protocol of ['guidepost-staff.v1', 'guidepost.v1'])
        await attempt('socket ' + protocol, new Promise((go, no) => {
          const ws = new WebSocket(url.replace('http', 'ws') + '/staff/ws', protocol);
          ws.onopen = () => go('open');
          ws.onerror = () => no();
        }));
      return out;
    }, [p.url, ticket]);
    for (const [name, got] of heard)
      assert.match(got, /^(refused|opaque.*)$/, `${name} from ${origin}: ${got}`); /* opaque: nothing of it can be read */
    /* a form, as JSON in disguise */
    await tab.evaluate(([url, id]) => {
      const form = document.createElement('form');
      form.method = 'POST';
      form.action = url + '/staff/api/act';
      form.enctype = 'text/plain';
      const field = document.createElement('input');
      field.name = `{"id":${id},"what":"claim","x":"`;
      field.value = '"}';
      form.append(field);
      document.body.append(form);
      form.submit();
    }, [p.url, ticket]);
    await tab.waitForURL(/\/staff\/api\/act/);
    assert.match(await tab.textContent('body'), /Only our own page|log in/);
    await tab.close();
  }
  /* all was as before: nothing done, nothing exported, nobody logged in or out */
  assert.equal((await api(staff, 'queue')).tickets.length, before);
  assert.equal((await api(staff, `ticket?id=${ticket}`)).state, 'new');
  assert.equal((await api(staff, 'audit?action=ticket.act')).rows.length, audit);
  assert.equal((await api(staff, 'audit?action=export')).rows.length, 0);
  assert.equal((await api(staff, 'audit?action=erase')).rows.length, 0);
  assert.equal((await api(staff, 'audit?action=login&actor=vera')).rows.length, 0);
  assert.equal((await api(staff, 'me')).name, 'adam');
  quiet(staff);
});

test('the console is in nobody\'s frame', async () => {
  const staff = await console_of(p, 'adam');
  for (const origin of evils) {
    const tab = await page(staff.context(), REFUSED);
    evil.set(`<!doctype html><title>evil</title><iframe src="${p.url}/staff/users" width=800 height=600></iframe>`);
    await tab.goto(origin + '/');
    await tab.waitForTimeout(500);
    const [, frame] = tab.frames();
    assert.ok(!frame || !frame.url().startsWith(p.url) || !await frame.$('h1'), 'it is in a frame');
    await tab.close();
  }
  evil.set('<!doctype html><title>evil</title><p>evil</p>');
  quiet(staff);
});

test('a login begins a session that nobody has chosen, and scripts do not see it', async () => {
  const ctx = await context(), chosen = 'A'.repeat(43);
  await ctx.addCookies([{name: COOKIE, value: chosen, domain: '127.0.0.1', path: '/', secure: true, httpOnly: true, sameSite: 'Strict'}]);
  const tab = await page(ctx, /status of 401/);
  await tab.goto(p.url + '/staff/');
  await log_in(tab, 'anna');
  const mine = (await ctx.cookies()).filter((c) => c.name === COOKIE);
  assert.equal(mine.length, 1);
  const [{value, httpOnly, secure, sameSite, path, domain}] = mine; /* the chosen one is gone */
  assert.notEqual(value, chosen);
  assert.deepEqual({httpOnly, secure, sameSite, path, domain}, {httpOnly: true, secure: true, sameSite: 'Strict', path: '/', domain: '127.0.0.1'});
  assert.equal(await tab.evaluate(() => document.cookie), '');
  assert.equal(await tab.evaluate(() => JSON.stringify([localStorage, sessionStorage])).then((s) => s.includes(value)), false);
  const other = await fetch(p.url + '/staff/api/me', {headers: {Cookie: `${COOKIE}=${chosen}`}});
  assert.equal(other.status, 401);
  /* whoever logs out is out, also with the cookie that was kept */
  await tab.getByRole('button', {name: 'Log out'}).click();
  await tab.waitForURL(/staff\/$/);
  await tab.waitForSelector('[name=password]').catch(async (e) => assert.fail(await tab.textContent('body') + e.message));
  assert.equal((await fetch(p.url + '/staff/api/me', {headers: {Cookie: `${COOKIE}=${value}`}})).status, 401);
  quiet(tab);
});

test('what strangers write is text, on every page and in every dialog', async () => {
  /* a question, a vote in words, a wish with name, address and note; through the chat page, as a visitor */
  const visitor = await page(await context());
  await chat(visitor, p.url + '/chat');
  await ask(visitor, EVIL);
  const staff = await console_of(p, 'adam');
  const send = (name, body) => staff.evaluate(async ([n, b]) => {
    const {csrf} = await (await fetch('/staff/api/me')).json();
    const r = await fetch('/staff/api/' + n, {method: 'POST', headers: {'Content-Type': 'application/json', 'X-CSRF-Token': csrf}, body: JSON.stringify(b)});
    return [r.status, await r.json()];
  }, [name, body]);
  const hello = await (await fetch(p.url + '/v1/hello', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{"v":1,"last":0}'})).json();
  const tok = (hello.ready || hello).tok || JSON.stringify(hello).match(/"tok":"([^"]+)"/)[1];
  const say = (body) => fetch(p.url + '/v1/messages', {method: 'POST', headers: {'Content-Type': 'application/json', Authorization: `Bearer ${tok}`}, body: JSON.stringify(body)})
    .then((r) => r.json());
  const cid = (n) => String(n).repeat(22);
  await say({t: 'ask', cid: cid(1), text: EVIL});
  await say({t: 'feedback', cid: cid(2), re: 2, v: -1, text: EVIL});
  await say({t: 'handoff', cid: cid(3), want: 'email', name: SHORT, email: 'zoe@example.edu', note: EVIL});
  /* an entry of the guides */
  const fs = await import('node:fs');
  fs.writeFileSync(`${p.folder}/guides/evil.faq.yaml`, `title: ${JSON.stringify(EVIL)}\nentries:\n- id: evil\n  q: ${JSON.stringify(EVIL + '?')}\n  aka: [${JSON.stringify(SHORT)}]\n  a: |\n    ${EVIL}\n`);
  /* staff, too: a note, a token, a browser's name for itself */
  const {tickets} = await api(staff, 'queue');
  for (const t of tickets)
    assert.equal((await send('act', {id: t.id, what: 'note', text: EVIL}))[0], 200);
  assert.equal((await send('token-add', {name: SHORT, scopes: 'read', days: 3}))[0], 200);
  const odd = await console_of(p, 'edith', '', {userAgent: `Mozilla ${SHORT}`});
  quiet(odd);
  await new Promise((go) => setTimeout(go, 1500)); /* the guides are read again */

  const names = await staff.$$eval('#nav a', (all) => all.map((a) => a.getAttribute('href').slice('/staff/'.length)));
  assert.ok(names.includes('erase') && names.includes('users'), names.join());
  const views = [...names, ...tickets.map((t) => `triage?id=${t.id}`), 'erase?text=onerror', 'audit?actor=' + encodeURIComponent(EVIL),
    'triage?q=' + encodeURIComponent(SHORT), 'users?x=' + encodeURIComponent(EVIL)];
  staff.on('dialog', (d) => assert.fail('a dialog: ' + d.message()));
  for (const view of views) {
    await staff.goto(`${p.url}/staff/${view}`);
    await ready(staff);
    const found = await staff.evaluate(() => ({xss: window.xss, made: document.querySelectorAll('main img, main script, main [onerror], main [onload], main a[href^="javascript" i]').length}));
    assert.deepEqual(found, {xss: undefined, made: 0}, view);
  }
  /* and it is there to be read, as what it is */
  await staff.goto(`${p.url}/staff/triage?id=${tickets[0].id}`);
  await staff.waitForFunction((s) => document.querySelector('main').textContent.includes(s), SHORT.slice(0, 12));
  await staff.goto(`${p.url}/staff/users`);
  await staff.waitForFunction((s) => document.querySelector('main').textContent.includes(s), SHORT);
  quiet(staff);
});

test('a token in an address is refused in words', async () => {
  const tab = await page(await context(), /status of 400/);
  const r = await tab.goto(`${p.url}/staff/triage?token=guidepost_pat_${'A'.repeat(43)}`);
  assert.equal(r.status(), 400);
  assert.match(await tab.textContent('body'), /counts as leaked/);
});

test('who guesses is told to wait, and how long', async () => {
  const tab = await page(await context(), /status of 4(01|29)/);
  await tab.goto(p.url + '/staff/');
  await tab.waitForSelector('[name=name]');
  let said = '';
  for (let i = 0; i < 9 && !/wait/.test(said); i++) {
    await tab.fill('[name=name]', 'bert');
    await tab.fill('[name=password]', 'guess ' + i);
    await Promise.all([tab.waitForResponse(/api\/login/), tab.press('[name=password]', 'Enter')]);
    await tab.waitForFunction(() => document.querySelector('[role=alert]')?.textContent);
    said = await tab.textContent('[role=alert]');
  }
  assert.match(said, /wait \(\d+ s\)/);
  assert.equal((await fetch(p.url + '/staff/api/login', {method: 'POST', headers: {'Content-Type': 'application/json', Origin: p.url},
    body: JSON.stringify({name: 'bert', password: PASSWORD})})).status, 429);
});
