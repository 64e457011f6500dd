/* live.js: guidepost-staff.v1 (adapters/staff/staff_ws.c): what goes on at this moment, over one WebSocket for all pages. It is opened
 * when the first one listens, and comes back by itself: after half a second, then longer and longer, never all at once. What was
 * done and not acknowledged is sent again under the same name, so it is done once. */
import {get, me, onMe, token} from './api.js';

const OPEN_MS = 10_000, PING_MS = 25_000, MAX_WAIT_MS = 30_000;

const listeners = new Map(); /* type -> Set of fn(frame) */
const waiting = new Map(); /* cid -> {frame, done, fail} */
let socket = null, tries = 0, timer = 0, pulse = 0, heard = 0;
export let up = false; /* hello was said, ready was heard */
export let staff = []; /* who is there, by the last word of it */

const tell = (type, frame) => listeners.get(type)?.forEach((fn) => fn(frame));

/* fn(frame) for each frame of that type; "up" and "down": the line itself. Returns what ends that. */
export function on(type, fn) {
  if (!listeners.has(type))
    listeners.set(type, new Set());
  listeners.get(type).add(fn);
  connect();
  return () => listeners.get(type).delete(fn);
}

/* Now, or never. */
export function send(frame) {
  if (up)
    socket.send(JSON.stringify(frame));
}

/* Something that has to be done: resolves with its acknowledgement, rejects with {code, title}. */
export function act(frame) {
  const cid = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16)))).replace(/\+/g, '-').replace(/\//g, '_').slice(0, 22);
  return new Promise((done, fail) => {
    waiting.set(cid, {frame: {...frame, cid}, done, fail});
    send({...frame, cid});
    connect();
  });
}

/* ---- frames ---- */

function settle(f, how) {
  const w = waiting.get(f.cid);
  if (!w || f.retry)
    return;
  waiting.delete(f.cid);
  w[how](f);
}

function on_frame(f) {
  heard = Date.now();
  staff = f.staff ?? staff;
  if (f.t === 'ready') {
    up = true;
    tries = 0;
    waiting.forEach((w) => send(w.frame));
    tell('up', f);
  } else if (f.t === 'ack') {
    settle(f, 'done');
  } else if (f.t === 'error' && f.cid) {
    settle(f, 'fail');
  }
  tell(f.t, f);
}

/* ---- the line ---- */

function later() {
  clearTimeout(timer);
  timer = setTimeout(connect, Math.random() * Math.min(MAX_WAIT_MS, 500 * 2 ** tries++));
}

function closed(e) {
  const was = up;
  socket = null;
  up = false;
  clearInterval(pulse);
  if (was)
    tell('down', {});
  if (e.code === 4401 || e.code === 4403)
    get('me').then(later, later); /* somebody has to log in first: the page says so */
  else
    later();
}

function look() {
  if (Date.now() - heard > 2 * PING_MS)
    socket.close();
  else
    send({t: 'ping'});
}

function connect() {
  if (socket || !me())
    return;
  clearTimeout(timer);
  socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/staff/ws`, 'guidepost-staff.v1');
  const mine = socket, late = setTimeout(() => mine.close(), OPEN_MS);
  heard = Date.now();
  mine.onopen = () => mine.send(JSON.stringify({t: 'hello', v: 1, csrf: token()}));
  mine.onmessage = (e) => {
    clearTimeout(late);
    on_frame(JSON.parse(e.data));
  };
  mine.onclose = (e) => {
    clearTimeout(late);
    closed(e);
  };
  pulse = setInterval(look, PING_MS);
}

addEventListener('online', connect);
document.addEventListener('visibilitychange', () => document.hidden || connect());
onMe(() => listeners.size && connect());

/* ---- how many wait, in the title: no sound ---- */

let n = 0;
function badge() {
  const title = document.title.replace(/^\(\d+\) /, '');
  document.title = n ? `(${n}) ${title}` : title;
}
/* The title changes with the page. */
new MutationObserver(() => /^\(\d+\) /.test(document.title) === !n && badge()).observe(document.querySelector('title'), {childList: true});
on('queue', (f) => {
  n = f.talks.filter((t) => t.mode === 'waiting').length;
  badge();
});
on('queue_changed', () => send({t: 'queue'}));
on('up', () => send({t: 'queue'}));
