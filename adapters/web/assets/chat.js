/* chat.js: the conversation. The page of chat.html without leaving it, over guidepost.v1; where this script does not run,
 * the form posts as if it did not exist.
 *
 * The log is the server's: events with seq 1, 2, 3... and this page applies them once each and in order, whatever the
 * line does (design: at least once on the wire, exactly once on the screen). What the visitor does is an action with a
 * name of its own (cid), kept in the outbox until the server has confirmed it, sent again under the same name after every
 * interruption, and one at a time, so that the log has them in the order in which they were done.
 *
 * Below the log stand the questions that are not in it yet. */
import * as frame from './part/frame.js'; /* first: see there */
import {$} from './part/dom.js';
import {t} from './part/words.js';
import * as ahead from './part/ahead.js';
import * as link from './part/link.js';
import * as menu from './part/menu.js';
import * as store from './part/store.js';
import * as view from './part/view.js';

const ACK_MS = 10_000, MAX_SHOWN = 200, NEAR = 80;
const main = $('main'), log = $('log'), starters = $('starters'), state = $('state');
const form = $('ask'), input = $('q'), newer = $('newer'), older = $('older');

let tok, epoch, last = 0, head = 0;   /* of the session */
let events = [], items = new Map();   /* seq -> item on the page */
const outbox = new Map();             /* cid -> {frame, item?}; in order */
const landed = new Map();             /* cid -> item?: confirmed, but its event has not come */
let sent, ackTimer;                   /* the cid that waits for its confirmation */
let begun = false;                    /* something was asked: from now on the browser keeps the session */
let typing = '', human;               /* a person answers */
let wanted = {rid: 0};                /* the suggestions that were asked for last */

/* ---- the page ---- */

const atEnd = () => main.scrollHeight - main.scrollTop - main.clientHeight < NEAR;
const toEnd = () => main.scrollTop = main.scrollHeight;

function remove(item) {
  items.delete(+item.dataset.seq);
  item.remove();
}

/* Behind the log, before the questions that are not in it yet. */
function place(item) {
  log.insertBefore(item, log.querySelector('.waiting'));
  while (log.childElementCount > MAX_SHOWN && log.firstElementChild !== item)
    remove(log.firstElementChild);
  older.hidden = log.childElementCount < MAX_SHOWN;
}

function showOlder() {
  const first = log.querySelector('[data-seq]'), from = events.findIndex((f) => f.seq === +first.dataset.seq);
  const more = events.slice(Math.max(0, from - MAX_SHOWN / 2), from).map(make).filter(Boolean);
  const below = main.scrollHeight - main.scrollTop;
  log.prepend(...more);
  older.hidden = from <= MAX_SHOWN / 2;
  main.scrollTop = main.scrollHeight - below;
  (more[0] || first).tabIndex = -1;
  (more[0] || first).focus({preventScroll: true});
}

function tell() {
  const trouble = link.line.old ? t('reload') : link.line.up ? '' : navigator.onLine ? t('connecting') : t('offline');
  const text = trouble || typing;
  if (state.textContent !== text)
    state.textContent = text;
  if (!link.line.up && !navigator.onLine)
    outbox.forEach(({item}) => item?.remark(t('later')));
}

function begin() {
  if (!begun && store.token()) { /* another tab was quicker: this goes into its session */
    tok = store.token();
    link.renew();
  }
  begun = true;
  starters.hidden = true;
  menu.offer(true);
  if (tok)
    store.keepToken(tok);
}

/* ---- the log ---- */

function make(f) {
  const item = view.itemOf(f, act);
  if (item) {
    item.dataset.seq = f.seq;
    items.set(f.seq, item);
    events.filter((e) => e.re === f.seq && (e.t === 'fb' || e.t === 'edit')).forEach((e) => view.change(item, e));
  }
  return item;
}

/* The visitor's own question: its place in the log is known now. */
function settle(f) {
  const item = outbox.get(f.cid)?.item || landed.get(f.cid);
  item.classList.remove('waiting');
  item.remark('');
  item.dataset.seq = f.seq;
  items.set(f.seq, item);
  return item;
}

function show(f) {
  if (f.t === 'handoff')
    human = f.state === 'active';
  const live = f.seq > head, own = outbox.has(f.cid) || landed.has(f.cid), follow = atEnd() || own;
  const item = f.t === 'msg' && own ? settle(f) : make(f);
  landed.delete(f.cid);
  if (own)
    confirmed(f.cid);
  if (f.t === 'fb' || f.t === 'edit') {
    if (items.has(f.re))
      view.change(items.get(f.re), f);
    if (f.t === 'fb')
      return;
  }
  if (item && (item.parentNode !== log || item.nextElementSibling?.matches(':not(.waiting)') || item.previousElementSibling?.matches('.waiting')))
    place(item);
  if (live && f.from !== 'user') {
    view.announce(view.plain(f));
    if (!frame.shown.panel)
      frame.tellHost({unread: 1});
  }
  if (!follow)
    newer.hidden = !live;
  else if (f.t === 'answer' && items.has(f.re)) /* question on top, if the answer is long */
    main.scrollTop = items.get(f.re).offsetTop - 16;
  else if (f.t === 'handoff') /* it may bring a form along */
    main.scrollTop = item.offsetTop - 16;
  else
    toEnd();
}

/* Each event once, and in order; what is missing is asked for. */
function apply(f) {
  if (f.seq <= last)
    return;
  if (f.seq > last + 1) {
    link.send({t: 'sync', after: last});
    return;
  }
  last = f.seq;
  events.push(f);
  if (!begun)
    begin();
  show(f);
}

function clear() {
  last = head = 0;
  events = [];
  items.clear();
  landed.clear();
  log.querySelectorAll(':scope > :not(.waiting)').forEach((item) => item.remove());
  older.hidden = newer.hidden = true;
}

/* ---- the outbox ---- */

function pump() {
  const [next] = outbox.values();
  if (!link.line.up || sent || !next)
    return;
  sent = next.frame.cid;
  link.send(next.frame);
  ackTimer = setTimeout(() => {
    sent = undefined;
    link.check();
    pump();
  }, ACK_MS);
}

function confirmed(cid) {
  outbox.delete(cid);
  store.drop(cid);
  if (sent === cid) {
    clearTimeout(ackTimer);
    sent = undefined;
    pump();
  }
}

function enter(frame) {
  const item = frame.t === 'ask' ? view.mine(frame.text) : undefined;
  outbox.set(frame.cid, {frame, item});
  if (!item)
    return;
  item.classList.add('waiting');
  log.append(item);
  setTimeout(() => outbox.has(frame.cid) && navigator.onLine && item.remark(t('sending')), 1000);
}

/* Something the visitor did. Kept before it is sent. */
function act(what) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const cid = btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').slice(0, 22);
  const f = {t: what.t, cid, ...what};
  begin();
  store.keep(cid, f);
  enter(f);
  pump();
}

function ask(text, via) {
  if (!text)
    return;
  input.value = '';
  store.keepDraft('');
  ahead.close();
  act({t: 'ask', text, via});
  toEnd();
}

/* ---- the end of a session ---- */

/* It is over, and with it all but the actions from number `from` on. They go into the next one; without any there is nothing
 * that the browser would have to keep a session for. What was said of an answer stays with the answer. */
function end(from) {
  const all = [...outbox.values()], kept = all.slice(from).filter(({frame}) => frame.t === 'ask' || frame.t === 'handoff');
  all.forEach((o) => kept.includes(o) || o.item?.remove());
  outbox.clear();
  store.forget();
  kept.forEach((o) => {
    outbox.set(o.frame.cid, o);
    store.keep(o.frame.cid, o.frame);
  });
  tok = sent = undefined;
  clearTimeout(ackTimer);
  begun = kept.length > 0;
  menu.offer(begun);
  starters.hidden = begun;
  link.renew();
}

/* Deleted, and what was done here before that. */
function erased() {
  clear();
  epoch = undefined;
  menu.erased();
  end([...outbox.values()].findIndex(({frame}) => frame.t === 'erase') + 1);
}

/* The server does not know the session any more. */
function expired() {
  if ([...outbox.values()].some(({frame}) => frame.t === 'erase'))
    erased(); /* and we know why, although nobody told us */
  else if (begun && store.token() && store.token() !== tok)
    link.renew(); /* another tab has the next one already */
  else
    end(0);
}

/* ---- frames ---- */

function refused(f) {
  const mine = outbox.get(f.cid);
  if (f.code === 'unauthorized') {
    expired();
  } else if (!mine) {
    return;
  } else if (f.retry) {
    mine.item?.remark(t('busy'));
    clearTimeout(ackTimer);
    ackTimer = setTimeout(() => {
      sent = undefined;
      pump();
    }, (f.retry_after || 2) * 1000);
  } else {
    mine.item?.classList.remove('waiting');
    mine.item?.remark(t('unsent'));
    place(mine.item || view.note(f.title));
    if (mine.item)
      place(view.note(f.title));
    view.announce(f.title);
    confirmed(f.cid);
  }
}

const frames = {
  ready(f) {
    if (epoch !== undefined && epoch !== f.epoch)
      clear();
    tok = f.tok;
    epoch = f.epoch;
    head = f.head || 0;
    human = f.mode === 'human';
    Object.assign(view.site, f.site);
    if (begun)
      store.keepToken(tok);
    starters.hidden = head > 0 || outbox.size > 0;
    sent = undefined;
    clearTimeout(ackTimer);
    tell();
    pump();
  },
  ack(f) {
    if (outbox.has(f.cid))
      landed.set(f.cid, outbox.get(f.cid).item);
    confirmed(f.cid);
  },
  typing(f) {
    typing = f.on ? t('typing', {who: f.who || t('staff')}) : '';
    tell();
  },
  suggest(f) {
    if (f.rid === wanted.rid)
      wanted.done(f.items);
  },
  erased,
  error: refused,
};

const calls = {
  hello() {
    tok = (begun && store.token()) || tok; /* another tab may have a newer one */
    /* Not the language of the page: it would leave out all answers in another. */
    return {t: 'hello', v: 1, site: 'default', last, ...(tok && {tok}), ...(epoch && {epoch})};
  },
  frame: (f) => frames[f.t] ? frames[f.t](f) : f.seq && apply(f), /* an ack has a seq, and is none of the log */
  state: () => setTimeout(tell, navigator.onLine ? 1000 : 0), /* a short interruption is nobody's business */
  last: () => last,
  token: () => tok,
};

const suggest = (text) => new Promise((done) => {
  wanted = {rid: wanted.rid + 1, done};
  if (link.line.up)
    link.send(human ? {t: 'typing', on: true} : {t: 'suggest', rid: wanted.rid, text});
});

/* ---- what the visitor does ---- */

form.addEventListener('submit', (e) => {
  e.preventDefault();
  ask(input.value.trim(), 'typed');
});
main.addEventListener('click', (e) => {
  const chip = e.target.closest('.chip');
  if (!chip)
    return;
  e.preventDefault();
  chip.setAttribute('aria-pressed', true);
  ask(chip.value, 'chip');
  if (matchMedia('(hover: hover)').matches) /* on a touch screen a keyboard would rise over the answer */
    input.focus({preventScroll: true});
});
main.addEventListener('scroll', () => atEnd() && (newer.hidden = true), {passive: true});
newer.addEventListener('click', () => {
  toEnd();
  newer.hidden = true;
  input.focus({preventScroll: true});
});
older.addEventListener('click', showOlder);
input.addEventListener('input', () => begun && store.keepDraft(input.value));
store.onToken((value) => { /* in another tab */
  if (!value && begun) {
    clear();
    end(0);
  } else if (value && !begun) {
    begun = true;
    link.renew();
  }
});

tok = store.token();
begun = !!tok;
starters.hidden = begun;
input.value ||= store.draft();
store.unsent().forEach(enter);
if (outbox.size)
  begin();
menu.begin(act, () => events);
menu.offer(begun);
ahead.begin(suggest, (text) => ask(text, 'chip'));
link.begin(calls);
