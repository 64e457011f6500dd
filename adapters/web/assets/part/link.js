/* link.js: frames to the server and back. A WebSocket, and where three in a row did not even open though the server is
 * there (proxies of schools and offices do that), the same frames over HTTP. What a frame means is chat.js's business;
 * here is only whether the line is up.
 *
 * A line that is up may be dead: phones freeze pages without closing anything. So after silence, and when the page is
 * seen again, the server is asked for a sign of life, and without one the line is closed and made anew. */

const SILENCE_MS = 30_000, PONG_MS = 5_000, GIVE_UP = 3, WS_AGAIN_MS = 600_000, WAIT_S = 25;

let on;                         /* {hello(), frame(f), state(), last(), token()}: chat.js */
let socket, http, retry;        /* http: the AbortController of the polling that is going on */
let failures = 0, opened = false, heardAt = 0, pause = 0, refused = 0;

export const line = {up: false}; /* hello was answered */

export function begin(calls) {
  on = calls;
  connect();
}

function heard(frame) {
  heardAt = Date.now();
  if (frame.t === 'ready') {
    line.up = true;
    failures = 0;
  }
  if (frame.t === 'bye')
    pause = frame.retry_after * 1000 || Math.random() * 5000;
  on.frame(frame);
}

/* Over HTTP only what the server must keep: the rest has other ways there. */
export function send(frame) {
  if (!http)
    socket.send(JSON.stringify(frame));
  else if (frame.cid)
    post(`messages?after=${on.last()}`, frame);
  else if (frame.t === 'suggest')
    fetch('/v1/suggest?q=' + encodeURIComponent(frame.text)).then((r) => r.json()).then(({items}) => on.frame({...frame, items}), () => {});
}

/* Say hello again, on a line of its own: another session. */
export function renew() {
  hangUp();
  connect();
}

function hangUp() {
  const old = socket;
  line.up = false;
  socket = undefined;
  old?.close();
  http?.abort();
}

/* ---- WebSocket ---- */

function connect() {
  clearTimeout(retry);
  if (socket)
    return;
  const mine = socket = new WebSocket(location.origin.replace(/^http/, 'ws') + '/v1/ws', 'guidepost.v1');
  mine.onopen = () => {
    opened = true;
    http?.abort();
    http = undefined;
    mine.send(JSON.stringify(on.hello()));
    setTimeout(() => mine === socket && !line.up && mine.close(), 2 * PONG_MS);
  };
  mine.onmessage = ({data}) => mine === socket && heard(JSON.parse(data));
  mine.onclose = ({code}) => mine === socket && closed(code);
}

/* Is it only the WebSocket that does not get through? */
const reachable = () => fetch('/livez', {cache: 'no-store'}).then((r) => r.ok, () => false);

async function closed(code) {
  socket = undefined;
  if (http) /* that was the occasional attempt while HTTP does the work */
    return;
  line.up = false;
  if (code === 4426) { /* the server is of another version now, and so is its page */
    line.old = true;
    on.state();
    return;
  }
  if (++failures >= GIVE_UP && !opened && await reachable()) {
    poll();
    return;
  }
  retry = setTimeout(connect, pause || Math.random() * Math.min(30_000, 500 * 2 ** failures));
  pause = 0;
  on.state();
}

/* ---- HTTP ---- */

/* A reply is the frames that a WebSocket would have brought, in order. */
async function request(path, body, signal = http.signal) {
  const tok = on.token(), headers = body ? {'Content-Type': 'application/json'} : {};
  if (tok)
    headers.Authorization = 'Bearer ' + tok;
  const r = await fetch('/v1/' + path, {
    method: body ? 'POST' : 'GET', body: body && JSON.stringify(body), headers, cache: 'no-store', signal,
  });
  const j = await r.json();
  if (!r.ok)
    return [{t: 'error', cid: body?.cid, retry_after: +r.headers.get('Retry-After'), retry: r.status === 429 || r.status > 499, ...j}];
  return j.t ? [j] : [j.ready, j.ack, ...(j.events || [])].filter(Boolean);
}

/* Frames that came while the line was being hung up are of a session that is over; so are those behind the one that said so. */
function hear(frames, mine) {
  for (const f of frames)
    if (mine === http && !mine.signal.aborted)
      heard(f);
}

function post(path, body) {
  const mine = http;
  request(path, body).then((frames) => hear(frames, mine), () => {});
}

async function poll() {
  const mine = http = new AbortController();
  setTimeout(() => mine === http && connect(), WS_AGAIN_MS);
  while (mine === http && !mine.signal.aborted)
    try {
      const frames = await (line.up ? request(`events?after=${on.last()}&wait=${WAIT_S}`) : request('hello', on.hello()));
      hear(frames, mine);
      if (frames[0]?.t === 'error')
        throw frames[0];
    } catch {
      if (mine.signal.aborted)
        break;
      line.up = false;
      on.state();
      await new Promise((go) => setTimeout(go, Math.random() * Math.min(30_000, 500 * 2 ** ++failures)));
    }
  if (mine === http && mine.signal.aborted) { /* renew() */
    http = undefined;
    poll();
  }
}

/* ---- is it alive? ---- */

export function check() {
  if (http || line.old)
    return;
  if (!line.up) {
    failures = 0;
    connect();
    return;
  }
  const mine = socket, before = heardAt;
  send({t: 'ping'});
  setTimeout(() => {
    if (mine === socket && heardAt === before) {
      mine.onclose = null;
      mine.close();
      closed();
    }
  }, PONG_MS);
}

addEventListener('online', check);
addEventListener('offline', () => on?.state());
document.addEventListener('visibilitychange', () => document.hidden || check());
setInterval(() => line.up && !document.hidden && Date.now() - heardAt > SILENCE_MS && check(), 10_000);
