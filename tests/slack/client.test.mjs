// The fake Slack as the official clients see it: if they work against it, it is not merely our own misunderstanding mirrored.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import socketMode from '@slack/socket-mode';
import webApi from '@slack/web-api';
import { APP_TOKEN, TOKEN, startFake, until } from './fake.mjs';

const { WebClient, LogLevel } = webApi;
const quiet = { logLevel: LogLevel.ERROR };
let fake, web;

before(async () => {
  fake = await startFake();
  web = new WebClient(TOKEN, { slackApiUrl: fake.api, ...quiet });
});
after(() => fake.stop());

test('it knows who we are, and who we are not', async () => {
  const me = await web.auth.test();
  assert.equal(me.user_id, 'UBOT');
  assert.equal(me.team_id, 'T1');
  const stranger = new WebClient('xoxb-other', { slackApiUrl: fake.api, ...quiet });
  await assert.rejects(stranger.auth.test(), (e) => e.data.error === 'invalid_auth');
});

test('a message is posted, read back with its metadata, and changed', async () => {
  const sent = await web.chat.postMessage({
    channel: 'C1', thread_ts: '1.1', text: 'hello',
    blocks: [{ type: 'section', text: { type: 'mrkdwn', text: '*hello*' } }],
    metadata: { event_type: 'qa_answer', event_payload: { k: 'key-1' } },
  });
  assert.ok(sent.ok && /^\d+\.\d{6}$/.test(sent.ts));
  const { messages } = await web.conversations.replies({ channel: 'C1', ts: '1.1', include_all_metadata: true });
  assert.deepEqual(messages.map((m) => [m.ts, m.metadata.event_payload.k]), [[sent.ts, 'key-1']]);
  const changed = await web.chat.update({ channel: 'C1', ts: sent.ts, text: 'hello again' });
  assert.equal(changed.ts, sent.ts);
  await assert.rejects(web.chat.update({ channel: 'C1', ts: '9.9', text: 'x' }), (e) => e.data.error === 'message_not_found');
});

test('ephemeral messages, reactions and homes are taken', async () => {
  assert.ok((await web.chat.postEphemeral({ channel: 'C1', user: 'U1', text: 'psst' })).message_ts);
  assert.ok((await web.reactions.add({ channel: 'C1', timestamp: '1.1', name: 'eyes' })).ok);
  assert.ok((await web.views.publish({ user_id: 'U1', view: { type: 'home', blocks: [] } })).ok);
});

test('what is too long is refused', async () => {
  const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: 'x'.repeat(3001) } }];
  await assert.rejects(web.chat.postMessage({ channel: 'C1', text: 'x', blocks }), (e) => e.data.error === 'invalid_blocks');
});

test('a 429 is waited for by the official client', async () => {
  await fake.fail('chat.postMessage', '429=1', 1);
  const began = Date.now();
  assert.ok((await web.chat.postMessage({ channel: 'C2', text: 'late' })).ok);
  assert.ok(Date.now() - began >= 1000);
});

test('Socket Mode: hello, an event, its acknowledgement', async () => {
  const client = new socketMode.SocketModeClient({
    appToken: APP_TOKEN, clientOptions: { slackApiUrl: fake.api }, ...quiet,
  });
  const events = [];
  client.on('app_mention', async ({ event, ack }) => {
    events.push(event.text);
    await ack();
  });
  await client.start();
  await fake.emit({
    envelope_id: 'env-1', type: 'events_api', accepts_response_payload: false,
    payload: { type: 'event_callback', event_id: 'Ev1', event: { type: 'app_mention', text: 'hi', ts: '1.1' } },
  });
  assert.ok(await until(() => events.length === 1));
  assert.ok(await until(async () => (await fake.ack('env-1')) !== null));
  await client.disconnect();
});
