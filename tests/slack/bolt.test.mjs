// One driver, two receivers: what the official @slack/bolt does with a delivery and what we do with it, side by side. It shows
// that what we sign and send in tests is what official code accepts, and where we differ on purpose.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import bolt from '@slack/bolt';
import { SECRET, TOKEN, startFake, startGuidepost, until } from './fake.mjs';

const { App, HTTPReceiver, LogLevel } = bolt;
const BOLT_PORT = 3900 + (process.pid % 1000);
let fake, guidepost, app;
const seen = []; // what bolt dispatched

const event = (id, inner) => JSON.stringify({
  token: 'x', team_id: 'T1', api_app_id: 'A1', type: 'event_callback', event_id: id, event_time: 1700000000,
  authorizations: [{ team_id: 'T1', user_id: 'UBOT', is_bot: true }], is_ext_shared_channel: false, event: inner,
});
let number = 0;
const mention = (more = {}) => event(`Ev${++number}`, {
  type: 'app_mention', user: 'U1', channel: 'C1', text: '<@UBOT> How much does a lighthouse keeper earn?',
  ts: `1700000000.${String(number).padStart(6, '0')}`, ...more,
});
const COMMAND = 'token=x&team_id=T1&channel_id=C1&user_id=U1&command=%2Fask&text=caf%C3%A9+%26+100%25&trigger_id=';
const SMUGGLED = 'ssl_check=1&token=x&payload=' + encodeURIComponent(mention());

before(async () => {
  fake = await startFake();
  guidepost = await startGuidepost(fake);
  const receiver = new HTTPReceiver({ signingSecret: SECRET, endpoints: ['/slack/events'], logLevel: LogLevel.ERROR });
  app = new App({
    receiver, logLevel: LogLevel.ERROR, clientOptions: { slackApiUrl: fake.api },
    authorize: async () => ({ botToken: TOKEN, botId: 'BBOT', botUserId: 'UBOT', teamId: 'T1' }),
  });
  app.event('app_mention', async ({ event: e }) => seen.push('mention ' + e.ts));
  app.event('message', async ({ event: e }) => seen.push('message ' + e.ts));
  app.action(/^qa_room/, async ({ action, ack }) => {
    seen.push('action ' + action.value);
    await ack();
  });
  app.command('/ask', async ({ command, ack }) => {
    seen.push('command ' + command.text);
    await ack();
  });
  await app.start({ port: BOLT_PORT, host: '127.0.0.1' });
});

after(async () => {
  await app.stop();
  assert.equal(await fake.complaint(), null);
  await guidepost.stop();
  await fake.stop();
});

// [kind, how, body, bolt's status, ours, does bolt dispatch it, do we answer it]
const table = {
  'a signed challenge': ['json', 'signed', '{"token":"t","challenge":"abc","type":"url_verification"}', 200, 200, false, false],
  'an unsigned challenge': ['json', 'unsigned', '{"token":"t","challenge":"abc","type":"url_verification"}', 401, 401, false, false],
  'a signed mention': ['json', 'signed', mention(), 200, 200, true, true],
  'a forged one': ['json', 'forged', mention(), 401, 401, false, false],
  'an upper-case signature': ['json', 'upper', mention(), 401, 401, false, false],
  'five minutes and a second old': ['json', '-301', mention(), 401, 401, false, false],
  'four minutes old': ['json', '-240', mention(), 200, 200, true, true],
  'from the future (we are stricter)': ['json', '+400', mention(), 200, 401, true, false],
  'an unsigned probe': ['form', 'unsigned', 'ssl_check=1&token=x', 200, 200, false, false],
  'an unsigned probe with something in it': ['form', 'unsigned', SMUGGLED, 200, 200, false, false],
  'a form that names its charset (we are kinder)': ['charset', 'signed', COMMAND + '1.1&response_url=' + encodeURIComponent('http://127.0.0.1:9/x'), 400, 200, false, true],
  'a post of our own': ['json', 'signed', mention({ type: 'message', channel_type: 'im', user: 'UBOT', bot_id: 'BBOT' }), 200, 200, false, false],
  'a post of another bot (we are stricter)': ['json', 'signed', mention({ bot_id: 'B9', user: 'U9' }), 200, 200, true, false],
  'signed nonsense (we set it aside)': ['json', 'signed', '{"type":"event_callback"', 400, 200, false, false],
  'nothing': ['json', 'signed', '', 400, 400, false, false],
};

for (const [name, [kind, how, body, theirs, ours, dispatched, answered]] of Object.entries(table))
  test(name, async () => {
    const before = seen.length, posts = await fake.posts();
    const [boltStatus] = await fake.send(BOLT_PORT, kind, how, body);
    const [status, text] = await fake.send(guidepost.port, kind, how, body);
    assert.equal(boltStatus, theirs, 'bolt');
    assert.equal(status, ours, 'ours');
    if (body.includes('url_verification') && ours === 200)
      assert.equal(JSON.parse(text).challenge, 'abc');
    if (dispatched)
      assert.ok(await until(() => seen.length === before + 1), 'bolt dispatches it');
    if (answered)
      assert.ok(await until(async () => (await fake.posts()) === posts + 1), 'we answer it:\n' + guidepost.log());
    await new Promise((r) => setTimeout(r, 250));
    assert.equal(seen.length, before + (dispatched ? 1 : 0));
    assert.equal(await fake.posts(), posts + (answered ? 1 : 0));
  });

test('a command is read the same', async () => {
  const hook = encodeURIComponent(`http://127.0.0.1:${fake.port}/api/hook/node`);
  const posts = await fake.posts();
  assert.equal((await fake.send(BOLT_PORT, 'form', 'signed', COMMAND + '2.2&response_url=' + hook))[0], 200);
  const [status, body] = await fake.send(guidepost.port, 'form', 'signed', COMMAND + '2.2&response_url=' + hook);
  assert.equal(status, 200);
  assert.equal(JSON.parse(body).response_type, 'ephemeral');
  assert.ok(seen.includes('command café & 100%'));
  assert.ok(await until(async () => (await fake.posts()) === posts + 1));
  assert.equal((await fake.post(posts)).method, 'respond');
});

test('bolt dispatches a retry again, we answer once', async () => {
  const again = mention(), before = seen.length, posts = await fake.posts();
  for (let i = 0; i < 3; i++)
    for (const port of [BOLT_PORT, guidepost.port])
      assert.equal((await fake.send(port, 'json', 'signed', again))[0], 200);
  assert.ok(await until(() => seen.length === before + 3));
  assert.ok(await until(async () => (await fake.posts()) === posts + 1));
  await new Promise((r) => setTimeout(r, 500));
  assert.equal(await fake.posts(), posts + 1);
});

test("what bolt takes for a reply in the staff's room reaches the open web chat, once, and its button ends it", async () => {
  const ours = await startGuidepost(fake, 'staff: {room: "slack:CROOM", names: [U7=Ana]}\n');
  const call = async (path, body, token) => (await fetch(`http://127.0.0.1:${ours.port}/v1/${path}`, {
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
    headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
  })).json();
  const both = async (kind, body) => {
    for (const port of [BOLT_PORT, ours.port])
      assert.equal((await fake.send(port, kind, 'signed', body))[0], 200);
  };
  const { ready: { tok } } = await call('hello', { t: 'hello', v: 1 });
  const events = async () => (await call('events?after=0&wait=0', null, tok)).events;
  const posts = await fake.posts();
  await call('messages', { t: 'ask', cid: 'one', text: 'How much does a lighthouse keeper earn?' }, tok);
  await call('messages', { t: 'handoff', cid: 'two', want: 'live' }, tok);
  assert.ok(await until(async () => (await fake.posts()) === posts + 1), ours.log());
  const root = await fake.post(posts);
  assert.equal(root.channel, 'CROOM');

  const reply = event('EvRoom', { type: 'message', channel: 'CROOM', channel_type: 'channel', user: 'U7', ts: '1700001000.000001',
    thread_ts: root.ts, text: 'Good morning, see <https://x.example/a|our page>!' });
  await both('json', reply);
  await both('json', reply);
  assert.ok(await until(() => seen.includes('message 1700001000.000001')), 'bolt dispatches it');
  assert.ok(await until(async () => (await events()).some((e) => e.from === 'staff')), 'the visitor hears it:\n' + ours.log());
  await call('messages', { t: 'ask', cid: 'three', text: 'And at night?' }, tok);
  assert.ok(await until(async () => (await fake.posts()) === posts + 2));
  assert.equal((await fake.post(posts + 1)).thread, root.ts);

  const { value, action_id } = JSON.parse(root.body).blocks.flatMap((b) => b.elements || []).find((e) => e.type === 'button');
  await both('form', 'payload=' + encodeURIComponent(JSON.stringify({
    type: 'block_actions', token: 'x', api_app_id: 'A1', trigger_id: '1.1', team: { id: 'T1' }, user: { id: 'U7' }, channel: { id: 'CROOM' },
    container: { type: 'message', message_ts: root.ts, channel_id: 'CROOM' }, message: { ts: root.ts, text: root.text },
    actions: [{ type: 'button', block_id: 'b', action_id, value, action_ts: '1700001001.1' }],
  })));
  assert.ok(await until(() => seen.includes('action ' + value)), 'bolt dispatches it');
  assert.ok(await until(async () => (await events()).at(-1).state === 'ended'), ours.log());
  const said = (await events()).filter((e) => e.from === 'staff');
  assert.deepEqual(said.map((e) => [e.name, e.text]), [['Ana', 'Good morning, see our page (https://x.example/a)!']]);
  await ours.stop();
});
