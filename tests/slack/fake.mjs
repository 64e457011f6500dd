// fake.mjs: the fake Slack (tests/fake/) and the program, started from here. The fake speaks lines: a wish in, an answer out.
import { spawn } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
export const TOKEN = 'xoxb-1-test';
export const APP_TOKEN = 'xapp-1-test';

export async function startFake() {
  const child = spawn(process.env.FAKE_SLACK, [], { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()(line));
  const next = () => new Promise((resolve) => waiting.push(resolve));
  const port = Number(await next());
  const wish = (line) => {
    child.stdin.write(line + '\n');
    return next();
  };
  return {
    port,
    api: `http://127.0.0.1:${port}/api/`,
    posts: async () => Number(await wish('posts')),
    post: async (i) => JSON.parse(await wish(`post ${i}`)),
    fail: (method, how, times) => wish(`fail ${method} ${how} ${times}`),
    emit: (envelope) => wish('emit ' + JSON.stringify(envelope)),
    ack: async (id) => JSON.parse(await wish(`ack ${id}`)),
    complaint: async () => JSON.parse(await wish('complaint')),
    // Being Slack: [status, body].
    send: async (to, kind, how, body) => {
      const line = await wish(`send ${to} ${kind} ${how} ${body}`);
      const blank = line.indexOf(' ');
      return [Number(blank < 0 ? line : line.slice(0, blank)), blank < 0 ? '' : line.slice(blank + 1)];
    },
    stop: () => new Promise((resolve) => child.on('exit', resolve) && child.stdin.end()),
  };
}

// The program with a small guide, connected to the fake; `more`: further settings.
export async function startGuidepost(fake, more = '') {
  const folder = mkdtempSync(join(tmpdir(), 'guidepost-slack-'));
  mkdirSync(join(folder, 'guides'));
  writeFileSync(join(folder, 'guides', 'keeper.md'),
    '# The lighthouse keeper\n\n## Salary\n\nA lighthouse keeper earns **41,000** dollars a year.\n');
  writeFileSync(join(folder, 'signing'), SECRET, { mode: 0o600 });
  writeFileSync(join(folder, 'bot'), TOKEN, { mode: 0o600 });
  writeFileSync(join(folder, 'guidepost.yaml'),
    'listen: 127.0.0.1:0\nadmin_listen: 127.0.0.1:0\ndata_dir: data\ncontent: [guides]\n' +
    `slack: {signing_secret_file: signing, bot_token_file: bot, burst_ms: 0, api_base: "http://127.0.0.1:${fake.port}/api"}\n${more}`);
  const child = spawn(process.env.GUIDEPOST, ['serve', '-c', join(folder, 'guidepost.yaml')],
    { stdio: ['ignore', 'inherit', 'pipe'] });
  let log = '', port = 0;
  await new Promise((resolve, reject) => {
    child.on('exit', () => reject(new Error('the program ended:\n' + log)));
    child.stderr.on('data', (s) => {
      log += s;
      port = Number(/what=listen addr=[^:]*:(\d+)/.exec(log)?.[1] ?? 0);
      if (port && log.includes('msg="connected"') && log.includes('msg="indexed"'))
        resolve();
    });
  });
  child.removeAllListeners('exit');
  return {
    port,
    log: () => log,
    stop: () => new Promise((resolve) => {
      child.on('exit', () => resolve(rmSync(folder, { recursive: true })));
      child.kill('SIGTERM');
    }),
  };
}

// Wait until `check` is true, some seconds at most.
export async function until(check, ms = 20000) {
  for (const end = Date.now() + ms; Date.now() < end; await new Promise((r) => setTimeout(r, 20)))
    if (await check())
      return true;
  return false;
}
