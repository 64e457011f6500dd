/* chat.js: the page of chat.html without leaving it. Speaks guidepost.v1 (web_ws.c); where no WebSocket gets through,
 * it steps aside and the form posts as if this file did not exist.
 *
 * A question stays in `waiting` until its answer has come, over as many connections as that takes. Nothing is
 * stored in the browser. Text reaches the page by textContent only. */

const $ = (id) => document.getElementById(id);
const main = $('main'), log = $('log'), starters = $('starters'), state = $('state'), say = $('say');
const form = $('ask'), input = $('q'), newer = $('newer');

const MAX_SHOWN = 200, SILENCE_MS = 30_000, PONG_MS = 5_000, GIVE_UP = 3;
const waiting = new Map(); /* cid -> {text, note} */
let socket, ready = false, token = '', failures = 0, everReady = false, heardAt = 0, retry;

/* ---- the page ---- */

function el(tag, properties, ...children) {
  const e = Object.assign(document.createElement(tag), properties);
  e.append(...children);
  return e;
}

const spoken = (text) => el('span', {className: 'sr'}, text);
const paragraph = (text) => el('p', {dir: 'auto'}, text); /* nothing before it: the first letter decides its direction */

/* Paragraphs and lists of plain text, as web_page.c makes them. */
function blocks(text) {
  const made = [];
  let open; /* the paragraph or list that the next line may belong to */
  for (const line of text.split('\n')) {
    const item = /^\s*(?:-|(\d{1,3})\.) (.*)/.exec(line);
    const kind = item ? (item[1] ? 'OL' : 'UL') : 'P', goesOn = open?.tagName === kind;
    if (!line.trim()) {
      open = undefined;
      continue;
    }
    if (!goesOn)
      made.push(open = el(kind, {}));
    if (item)
      open.append(el('li', item[1] ? {value: item[1]} : {}, item[2]));
    else
      open.append((goesOn ? '\n' : '') + line);
  }
  return made;
}
const atEnd = () => main.scrollHeight - main.scrollTop - main.clientHeight < 80;

/* What became of a question, below it. */
function remark(asked, text) {
  const follow = atEnd();
  asked.note.textContent = text;
  if (follow)
    main.scrollTop = main.scrollHeight;
}

/* Screen readers hear each message once, from here; the log itself is no live region. */
function announce(text) {
  const line = el('p', {}, text);
  say.append(line);
  setTimeout(() => line.remove(), 1500);
}

/* What a list of questions is called: as in web_page.c. */
const HEADS = {none: 'I can tell you about', chitchat: 'For example'};

function chips(head, questions) {
  if (!questions.length)
    return [];
  const buttons = questions.map((q) => el('button', {className: 'chip', name: 'q', value: q}, q));
  return [el('form', {className: 'chips', method: 'post', action: '/'}, el('p', {}, head), ...buttons)];
}

function show(item) {
  log.append(item);
  while (log.children.length > MAX_SHOWN)
    log.firstElementChild.remove();
  return item;
}

function sourceLine(source) {
  const safe = /^https?:\/\//i.test(source.url);
  const name = safe
    ? el('a', {href: source.url, target: '_blank', rel: 'noopener'}, source.section, spoken(' (opens in a new tab)'))
    : el('cite', {}, source.section);
  const when = source.updated ? [' ', el('time', {}, 'reviewed ' + source.updated)] : [];
  return el('footer', {}, name, ...when);
}

function segment(part, sources) {
  const cited = part.cites.map((i) => sources[i]).filter(Boolean);
  return el(cited.length ? 'blockquote' : 'div', {dir: 'auto'}, ...blocks(part.text), ...cited.map(sourceLine));
}

function showAnswer(a) {
  const asked = waiting.get(a.cid);
  if (!asked)
    return; /* answered before, on an earlier connection */
  waiting.delete(a.cid);
  asked.note.textContent = '';
  const stay = !atEnd();
  const parts = a.segments.map((part) => segment(part, a.sources));
  const options = a.options.map((o) => o.ask);
  const lists = [
    ...chips('Did you mean', options),
    ...chips(HEADS[a.kind] ?? 'You could also ask', a.suggest),
  ];
  show(el('li', {className: 'bot'}, spoken('Assistant: '), ...parts, ...lists));
  announce('Assistant: ' + a.segments.map((part) => part.text).join(' ') +
    (options.length ? ' Did you mean: ' + options.join(' ') : ''));
  if (stay)
    newer.hidden = false;
  else
    main.scrollTop = asked.note.closest('li').offsetTop - 16; /* question on top, if it is long */
}

function showError(e) {
  const asked = waiting.get(e.cid);
  if (!asked)
    return;
  if (e.retry) {
    remark(asked, 'Busy, trying again…');
    setTimeout(() => waiting.has(e.cid) && transmit(e.cid), (e.retry_after || 2) * 1000);
    return;
  }
  waiting.delete(e.cid);
  remark(asked, 'Not sent');
  show(el('li', {className: 'bot'}, paragraph(e.title + '.')));
  announce(e.title);
}

/* ---- asking ---- */

function ask(text) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const cid = Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
  const asked = {text, note: el('small')};
  show(el('li', {className: 'me'}, spoken('You: '), paragraph(text), asked.note));
  waiting.set(cid, asked);
  starters.hidden = true;
  main.scrollTop = main.scrollHeight;
  setTimeout(() => waiting.has(cid) && !asked.note.textContent && remark(asked, 'Sending…'), 1000);
  transmit(cid);
}

function transmit(cid) {
  if (ready)
    send({t: 'ask', cid, text: waiting.get(cid).text, via: 'typed'});
  else
    connect();
}

/* Without WebSocket: what the form does by itself. */
function stepAside() {
  state.textContent = '';
  form.removeEventListener('submit', onSubmit);
  main.removeEventListener('click', onChip);
  const [first] = waiting.values();
  if (!first)
    return;
  input.value = first.text;
  form.submit();
}

function onSubmit(event) {
  event.preventDefault();
  const text = input.value.trim();
  if (!text)
    return;
  input.value = '';
  ask(text);
}

function onChip(event) {
  const chip = event.target.closest?.('.chip');
  if (!chip)
    return;
  event.preventDefault();
  chip.setAttribute('aria-pressed', 'true');
  ask(chip.value);
  if (matchMedia('(hover: hover)').matches) /* on a touch screen a keyboard would rise over the answer */
    input.focus({preventScroll: true});
}

/* ---- the connection ---- */

function send(frame) {
  socket.send(JSON.stringify(frame));
}

function tell() {
  state.textContent = ready ? '' : navigator.onLine ? 'Connecting…' : 'You are offline';
  if (!ready && !navigator.onLine)
    for (const asked of waiting.values())
      remark(asked, 'Will be sent when you are back online');
}

const frames = {
  ready(f) {
    ready = everReady = true;
    failures = 0;
    token = f.tok;
    tell();
    for (const cid of waiting.keys())
      transmit(cid);
  },
  answer: showAnswer,
  error: showError,
};

function connect() {
  clearTimeout(retry);
  if (socket && socket.readyState <= WebSocket.OPEN)
    return;
  const mine = socket = new WebSocket(location.origin.replace(/^http/, 'ws') + '/v1/ws', 'guidepost.v1');
  mine.onopen = () => send({t: 'hello', v: 1, ...(token && {tok: token})});
  mine.onmessage = ({data}) => {
    heardAt = Date.now();
    const frame = JSON.parse(data);
    frames[frame.t]?.(frame);
  };
  mine.onclose = ({code}) => mine === socket && onClosed(code);
}

/* Is it only the WebSocket that does not get through? Where nothing does, the form would lead to an error page. */
const reachable = () => fetch('/livez', {cache: 'no-store'}).then((r) => r.ok, () => false);

async function onClosed(code) {
  ready = false;
  if (code === 4426) { /* the server is of another version now, and so is its page */
    state.textContent = 'Please reload this page';
    return;
  }
  if (++failures >= GIVE_UP && !everReady && await reachable()) {
    stepAside();
    return;
  }
  retry = setTimeout(connect, Math.random() * Math.min(30_000, 500 * 2 ** failures));
  setTimeout(tell, 1000); /* a short interruption is nobody's business */
}

/* Phones freeze pages without closing anything: ask whether the line is alive, and hang up when it is not. */
function check() {
  if (!ready) {
    connect();
    return;
  }
  const mine = socket, before = heardAt;
  send({t: 'ping'});
  setTimeout(() => {
    if (mine === socket && heardAt === before) {
      socket = undefined;
      mine.close();
      onClosed();
    }
  }, PONG_MS);
}

form.addEventListener('submit', onSubmit);
main.addEventListener('click', onChip);
main.addEventListener('scroll', () => { if (atEnd()) newer.hidden = true; }, {passive: true});
newer.addEventListener('click', () => {
  main.scrollTop = main.scrollHeight;
  newer.hidden = true;
});
addEventListener('online', check);
addEventListener('offline', tell);
document.addEventListener('visibilitychange', () => { if (!document.hidden) check(); });
setInterval(() => { if (ready && !document.hidden && Date.now() - heardAt > SILENCE_MS) check(); }, 10_000);
connect();
