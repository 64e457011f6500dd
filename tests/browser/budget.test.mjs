/* What it costs a page to have the chat, and a phone to open it: in bytes of bodies on the wire, to a browser that takes
 * gzip and nothing better. KB are 1000 bytes. */
import {test} from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import {context, page, chat, ask, question} from './harness.mjs';
import {desk, console_of, ready} from './staff.mjs';

const HOST = 3000, CHAT = 12000, WORDS = 1500, CONSOLE = 40_000;
const p = await desk();

/* Bytes of the body as it is sent to a browser that takes gzip. */
const weigh = (path) => new Promise((go, fail) => http.get(p.url + path, {headers: {'Accept-Encoding': 'gzip'}}, (r) => {
  const parts = [];
  r.on('data', (d) => parts.push(d));
  r.on('end', () => {
    const body = Buffer.concat(parts);
    assert.equal(r.statusCode, 200, path);
    go(body.length);
  });
}).on('error', fail));

test('the script on the host page', async (t) => {
  const bytes = await weigh('/widget.js');
  t.diagnostic(`widget.js ${bytes} bytes`);
  assert.ok(bytes <= HOST, `${bytes} bytes; is esbuild installed?`);
});

test('everything that a first chat loads', async (t) => {
  const tab = await page(await context()), paths = new Set();
  tab.on('request', (rq) => rq.url().startsWith(p.url) && paths.add(rq.url().slice(p.url.length)));
  await chat(tab, p.url + '/chat');
  await ask(tab, question(0));
  const sizes = await Promise.all([...paths].map(async (path) => [await weigh(path), path]));
  const sum = sizes.reduce((n, [bytes]) => n + bytes, 0);
  t.diagnostic(`${sum} bytes: ${sizes.map((s) => s.join(' ')).join(', ')}`);
  assert.ok(sum <= CHAT, `${sum} bytes; is esbuild installed?`);
});

test('the words of each language', async () => {
  const html = await (await fetch(p.url + '/')).text();
  const words = /href="(\/a\/\w+\/words\/)en\.json"/.exec(html)[1];
  for (const lang of ['en', 'es', 'fr', 'de', 'ar']) {
    const bytes = await weigh(`${words}${lang}.json`);
    assert.ok(bytes <= WORDS, `${lang}: ${bytes} bytes`);
  }
});

/* What each page of the console loads when it is the first one: but for the answers of the program. */
test('the console of the staff', async (t) => {
  const tab = await console_of(p, 'adam'), sums = {};
  for (const name of await tab.$$eval('#nav a', (all) => all.map((a) => a.getAttribute('href').slice('/staff/'.length)))) {
    await tab.goto(`${p.url}/staff/${name}`);
    await ready(tab);
    const paths = await tab.evaluate(() => performance.getEntriesByType('resource').map((e) => new URL(e.name).pathname).filter((x) => x.startsWith('/staff/a/')));
    const sizes = await Promise.all(['/staff/', ...new Set(paths)].map(async (path) => [await weigh(path), path.replace(/.*\//, '')]));
    sums[sizes.map(([bytes, file]) => `${file || 'page'} ${bytes}`).join(', ')] = sizes.reduce((n, [bytes]) => n + bytes, 0);
  }
  assert.ok(Object.keys(sums).length > 1, 'it comes in halves');
  for (const [files, sum] of Object.entries(sums)) {
    t.diagnostic(`${sum} bytes: ${files}`);
    assert.ok(sum <= CONSOLE, `${sum} bytes: ${files}; is esbuild installed?`);
  }
});
