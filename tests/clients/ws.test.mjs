/* The protocol guidepost.v1 as npm's ws meets it, which nobody here wrote: a chat from hello to answer, and everything rude that it
 * can say. Each rudeness ends with the close code that is documented; a chat that was open before all of it goes on as if
 * nothing had been, and no descriptor stays behind. */
import {after, before, test} from 'node:test';
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import WebSocket from 'ws';

const QUESTION = 'How much does a lighthouse keeper earn?';
const GUIDE = '# Lighthouse keepers\n\n## How much does a lighthouse keeper earn?\n\nA keeper earns 41,000 a year.\n';
const START_MS = 60_000, ANSWER_MS = 30_000;

const sleep = (ms) => new Promise((go) => setTimeout(go, ms));

async function until(fn, what, ms) {
  for (const end = Date.now() + ms; ; await sleep(20)) {
    const value = fn();
    if (value)
      return value;
    assert.ok(Date.now() < end, 'in vain: ' + what());
  }
}

/* ---- the program ---- */

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'guidepost-ws-'));
let child, ended, port, said = '';

async function start() {
  fs.mkdirSync(path.join(folder, 'guides'));
  fs.writeFileSync(path.join(folder, 'guides/keeper.md'), GUIDE);
  fs.writeFileSync(path.join(folder, 'guidepost.yaml'),
    'listen: 127.0.0.1:0\nadmin_listen: 127.0.0.1:0\ndata_dir: data\ncontent: [guides]\n');
  child = spawn(process.env.GUIDEPOST, ['serve', '-c', path.join(folder, 'guidepost.yaml')], {stdio: ['ignore', 'ignore', 'pipe']});
  ended = new Promise((go) => child.once('exit', (code, signal) => go(signal || code)));
  child.stderr.on('data', (s) => said += s);
  await until(() => /msg="?indexed/.test(said), () => said, START_MS);
  port = +/what=listen addr=\S*:(\d+)/.exec(said)[1];
}

async function stop() {
  child.kill('SIGTERM');
  assert.equal(await ended, 0, said);
  assert.doesNotMatch(said, /Sanitizer|runtime error/, said);
  fs.rmSync(folder, {recursive: true});
}

const descriptors = () => fs.readdirSync(`/proc/${child.pid}/fd`).length;

/* ---- a connection ---- */

/* {ws, say(frame), hear(t), code(), heard}: hear() gives the next frame of that type. */
async function connect(greet = true) {
  const ws = new WebSocket(`ws://127.0.0.1:${port}/v1/ws`, 'guidepost.v1');
  const c = {ws, heard: [], at: 0, closed: undefined};
  ws.on('message', (data, binary) => c.heard.push(binary ? {t: 'binary'} : JSON.parse(data)));
  ws.on('close', (code) => c.closed = code);
  ws.on('error', () => {}); /* close says it, too */
  c.say = (frame) => ws.send(JSON.stringify(frame));
  c.hear = (t) => until(() => {
    const i = c.heard.findIndex((f, k) => k >= c.at && f.t === t);
    c.at = i < 0 ? c.at : i + 1;
    return c.heard[i];
  }, () => `${t} among ${JSON.stringify(c.heard)}, closed ${c.closed}`, ANSWER_MS);
  c.code = () => until(() => c.closed, () => 'an end', ANSWER_MS);
  await new Promise((go, fail) => ws.once('open', go).once('error', fail));
  if (greet) {
    c.say({t: 'hello', v: 1});
    c.ready = await c.hear('ready');
  }
  return c;
}

const hangUp = (c) => {
  c.ws.close(1000);
  return c.code();
};

async function answered(c, cid) {
  c.say({t: 'ask', cid, text: QUESTION});
  const answer = await c.hear('answer');
  assert.equal(answer.cid, cid);
  assert.match(JSON.stringify(answer.segments), /41,000/);
  return answer;
}

let bystander, descriptorsBefore;
before(async () => {
  await start();
  bystander = await connect();
  await answered(bystander, 'before');
  descriptorsBefore = descriptors();
});
after(async () => {
  await stop();
});

/* ---- polite ---- */

test('a question is acknowledged, shown and answered in order', async () => {
  const c = await connect();
  assert.equal(c.ws.protocol, 'guidepost.v1');
  assert.equal(c.ready.head, 0);
  const answer = await answered(c, 'one');
  assert.equal(answer.re, 1);
  assert.deepEqual(c.heard.filter((f) => f.seq && f.t !== 'ack').map((f) => f.seq), [1, 2]);
  assert.ok(c.heard.some((f) => f.t === 'ack' && f.cid === 'one' && f.seq === 1));
  await hangUp(c);
});

test('an interrupted chat goes on where it was, and a cid is done once', async () => {
  const c = await connect();
  await answered(c, 'one');
  c.ws.terminate();
  const again = await connect(false);
  again.say({t: 'hello', v: 1, tok: c.ready.tok, epoch: c.ready.epoch, last: 1});
  assert.equal((await again.hear('ready')).head, 2);
  assert.equal((await again.hear('answer')).seq, 2);
  again.say({t: 'ask', cid: 'one', text: QUESTION});
  assert.deepEqual(await again.hear('ack'), {t: 'ack', cid: 'one', seq: 1, dup: true});
  again.say({t: 'ask', cid: 'one', text: 'Something else?'});
  assert.equal((await again.hear('error')).code, 'cid_conflict');
  await hangUp(again);
});

test('a fragment for each byte, with pings between them, is a question', async () => {
  const c = await connect(), frame = JSON.stringify({t: 'ask', cid: 'one', text: QUESTION});
  for (let i = 0; i < frame.length; i++) {
    c.ws.send(frame[i], {fin: i === frame.length - 1});
    if (i % 16 === 0)
      c.ws.ping();
  }
  assert.match(JSON.stringify(await c.hear('answer')), /41,000/);
  await hangUp(c);
});

test('compression is declined', async () => {
  const c = await connect(); /* ws offers it by itself */
  assert.equal(c.ws.extensions, '');
  await hangUp(c);
});

/* ---- rude ---- */

async function endsWith(code, rudeness, greet = true) {
  const c = await connect(greet);
  rudeness(c.ws, c);
  assert.equal(await c.code(), code);
  await answered(bystander, 'after-' + Math.random().toString(36).slice(2));
}

const RUDE = [
  ['binary', 1003, (ws) => ws.send(Buffer.from([0, 1]))],
  ['too large', 1009, (ws) => ws.send('x'.repeat(16_385))],
  ['too large in fragments', 1009, (ws) => {
    for (let i = 0; i < 40; i++)
      ws.send('x'.repeat(1000), {fin: false});
  }],
  ['not UTF-8', 1007, (ws) => ws.send(Buffer.from('{"t":"ping","x":"\xff"}', 'latin1'), {binary: false})],
  ['no JSON, three times', 4400, (ws) => ['{', 'null', ''].forEach((s) => ws.send(s))],
  ['nested ten thousand deep', 4400, (ws) => [1, 2, 3].forEach(() => ws.send('['.repeat(10_000)))],
  ['a frame of ours, unmasked', 1002, (ws) => ws.send('{"t":"ping"}', {mask: false})],
  ['a reserved bit', 1002, (ws) => ws._socket.write(Buffer.from([0xc1, 0x80, 0, 0, 0, 0]))],
];
for (const [name, code, rudeness] of RUDE)
  test(`${name}: ${code}`, () => endsWith(code, rudeness));
test('another version: 4426', () => endsWith(4426, (ws, c) => c.say({t: 'hello', v: 2}), false));
test('another site: 4404', () => endsWith(4404, (ws, c) => c.say({t: 'hello', v: 1, site: 'nowhere'}), false));
test('no hello: 4408', () => endsWith(4408, () => {}, false));

test('an unknown type and the wrong order are errors that cost nothing', async () => {
  const c = await connect(false);
  c.say({t: 'ask', cid: 'early', text: QUESTION});
  assert.equal((await c.hear('error')).code, 'unauthorized');
  c.say({t: 'hello', v: 1});
  await c.hear('ready');
  c.say({t: 'dance', cid: 'x'});
  assert.equal((await c.hear('error')).code, 'unknown_type');
  await answered(c, 'late');
  assert.equal(await hangUp(c), 1000);
});

test('a hundred that hang up in the middle of a frame leave nothing behind', async () => {
  for (let i = 0; i < 100; i++) {
    const c = await connect(false);
    c.ws.send('{"t":"hel', {fin: false}, () => c.ws.terminate());
    await c.code();
  }
  await answered(bystander, 'after-them');
  await until(() => descriptors() < descriptorsBefore + 20, /* an answering thread may have begun meanwhile */ () => `${descriptors()} descriptors, ${descriptorsBefore} before`, ANSWER_MS);
  assert.equal(bystander.closed, undefined);
});
