/* live.js: conversations that a person has, or that wait for one: who waits longest comes first, and what is said appears as it is
 * said. While a person has a conversation the bot is silent in it. */
import {html, useState, useEffect, useLayoutEffect, useRef} from '../part/preact.js';
import {can, me} from '../part/api.js';
import {useParams, link} from '../part/route.js';
import {Head, Button, Dialog, Empty, Field, Problem, Tag, announce, toast, when} from '../part/ui.js';
import {useKeys, shown} from '../part/keys.js';
import {act, on, send, staff, up} from '../part/live.js';
import {Fix} from '../part/fix.js';

const TYPING_MS = 2000, SEEN_MS = 5000, FIND_MS = 200;
const STATES = {queued: 'asked for a person', active: 'a person has it now', ended: 'the bot answers again', declined: 'nobody was there: e-mail was offered'};

/* ---- what the server tells ---- */

function useQueue() {
  const [state, set] = useState({talks: null, staff, up});
  useEffect(() => {
    const offs = [on('queue', (f) => set((s) => ({...s, talks: f.talks}))), on('presence', (f) => set((s) => ({...s, staff: f.staff}))),
      on('up', (f) => set((s) => ({...s, up: true, staff: f.staff}))), on('down', () => set((s) => ({...s, up: false})))];
    set((s) => ({...s, staff, up})); /* the line may have come up between drawing and listening */
    send({t: 'queue'});
    const clock = setInterval(() => set((s) => ({...s})), 30_000); /* ages */
    return () => {
      clearInterval(clock);
      offs.forEach((off) => off());
    };
  }, []);
  return state;
}

/* One conversation: all of it at first, then what is new; after a gap or a break what was missed. */
function useTalk(which) {
  const [talk, set] = useState(null), [error, set_error] = useState(null), last = useRef(0), conv = useRef(0), key = JSON.stringify(which);
  useEffect(() => {
    set(null);
    set_error(null);
    last.current = conv.current = 0;
    if (!which.conv && !which.ticket)
      return;
    const open = () => send({t: 'open', ...(conv.current ? {conv: conv.current} : which), after: last.current || undefined});
    const offs = [on('up', open),
      on('conv', (f) => {
        const fresh = !conv.current;
        if (!fresh && f.conv !== conv.current)
          return;
        conv.current = f.conv;
        const news = f.events.filter((e) => e.seq > last.current);
        last.current = f.head;
        set((t) => ({...f, events: fresh || !t ? f.events : [...t.events, ...news]}));
      }),
      on('conv_event', (f) => {
        if (f.conv !== conv.current)
          return;
        if (f.erased)
          return set_error({title: 'The visitor has erased this conversation. Nothing of it is left.'});
        if (f.seq > last.current + 1)
          return open();
        if (f.seq <= last.current)
          return;
        last.current = f.seq;
        set((t) => ({...t, events: [...t.events, f.event]}));
        if (f.event.from === 'user')
          announce(`Visitor: ${f.event.text}`);
      }),
      on('queue', (f) => {
        const now = f.talks.find((t) => t.conv === conv.current);
        set((t) => t && {...t, mode: now ? now.mode : 'bot', owner: now ? now.owner : null, who: now ? now.who : null});
      }),
      on('error', (f) => f.code === 'gone' && !f.cid && set_error({title: 'There is no such conversation any more.'}))];
    open();
    return () => offs.forEach((off) => off());
  }, [key]);
  return {talk, error};
}

function useTyping(conv) {
  const [seen, set] = useState(false);
  useEffect(() => {
    let timer = 0;
    const off = on('typing', (f) => {
      if (f.conv !== conv)
        return;
      clearTimeout(timer);
      set(f.on);
      timer = setTimeout(() => set(false), SEEN_MS);
    });
    return () => {
      off();
      clearTimeout(timer);
    };
  }, [conv]);
  return seen;
}

/* ---- the list ---- */

function Group({title, talks, current, empty}) {
  return html`<section aria-label=${title}><h2>${title} <span class="soft">${talks.length}</span></h2>
    ${talks.length ? html`<ul class="items">${talks.map((t) => html`<li key=${t.conv}><a href=${link('live', {conv: t.conv})} aria-current=${t.conv === current ? 'true' : undefined}>
      <span class="question" dir="auto">${t.question || 'No question yet'}</span>
      <span class="line"><${Tag} tone=${t.mode === 'waiting' ? 'warn' : ''}>${t.mode === 'waiting' ? 'waits' : t.owner === me().name ? 'yours' : t.who || t.owner}<//>
        ${t.asker > t.staff && t.mode === 'person' && html`<${Tag} tone="bad">unanswered<//>`}<span class="soft">${t.channel} · ${when(t.since)}</span></span></a></li>`)}</ul>` :
    html`<p class="soft">${empty}</p>`}</section>`;
}

/* ---- one of them ---- */

const words_of = (e) => e.reply?.text ?? e.segments?.map((s) => s.text).join(' ') ?? '';

function Event({event: e}) {
  const at = e.at && html` · ${when(Date.parse(e.at))}`;
  if (e.t === 'msg')
    return html`<li class=${e.from === 'user' ? 'theirs' : 'ours'}><p class="soft">${e.from === 'user' ? 'Visitor' : e.name || 'Staff'}${at}</p><p dir="auto">${e.text}</p></li>`;
  if (e.t === 'answer')
    return html`<li><p class="soft">Bot</p><p dir="auto">${words_of(e)}</p></li>`;
  if (e.t === 'fb')
    return html`<li class="event soft">${e.v > 0 ? 'voted it up' : e.v < 0 ? 'voted it down' : 'took the vote back'}</li>`;
  if (e.t === 'handoff')
    return html`<li class="event soft">${STATES[e.state] || e.state}${e.who ? `: ${e.who}` : ''}${at}</li>`;
  return null;
}

/* What the guides have, ranked as for any question; it is put into the field, to be read before it is sent. */
function Picker({first, onPick, onClose}) {
  const [text, set] = useState(first), [items, show] = useState(null), rid = useRef(0);
  useEffect(() => on('found', (f) => f.rid === rid.current && show(f.items)), []);
  useEffect(() => {
    const timer = setTimeout(() => text.trim() && send({t: 'find', rid: ++rid.current, text: text.trim()}), FIND_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<${Dialog} title="From the guides" wide onClose=${onClose}><${Field} label="Words" type="search" value=${text} autofocus onInput=${(e) => set(e.target.value)}/>
    ${items && !items.length && html`<${Empty} title="The guides have nothing on that."/>`}
    <ul class="found">${items?.map((f) => html`<li key=${f.passage} class="card"><h3>${f.title}</h3><p dir="auto" class="extract">${f.text}</p>
      <p class="actions"><${Button} small onClick=${() => onPick(f)}>Use this<//></p></li>`)}</ul><//>`;
}

function Composer({conv, question}) {
  const [text, set] = useState(''), [picks, pick] = useState(false), [busy, set_busy] = useState(false), typed = useRef(0), field = useRef(null);
  const typing = (value) => {
    set(value);
    if (value && Date.now() - typed.current > TYPING_MS) {
      typed.current = Date.now();
      send({t: 'typing', on: true});
    }
  };
  const reply = async () => {
    if (!text.trim() || busy)
      return;
    set_busy(true);
    typed.current = 0;
    try {
      await act({t: 'reply', conv, text: text.trim()});
      set('');
    } catch (e) {
      toast(e.title);
    }
    set_busy(false);
    field.current?.querySelector('textarea').focus();
  };
  useKeys({'ctrl+enter': reply, f: () => pick(true)}, {'ctrl+enter': 'send the reply', f: 'find in the guides'});
  return html`<form class="composer" ref=${field} onSubmit=${(e) => {
    e.preventDefault();
    reply();
  }}><${Field} label="Your reply" hint="Ctrl+Enter sends" rows=${3} maxlength="4000" dir="auto" value=${text} onInput=${(e) => typing(e.target.value)}/>
    <p class="actions"><${Button} onClick=${() => pick(true)}>From the guides <kbd aria-hidden="true">${shown('f')}</kbd><//><${Button} go type="submit" busy=${busy}>Send<//></p></form>
    ${picks && html`<${Picker} first=${question || ''} onClose=${() => pick(false)} onPick=${(f) => {
      pick(false);
      typing((text ? text + '\n\n' : '') + f.text + (f.url ? `\n${f.url}` : ''));
    }}/>`}`;
}

function Talk({talk: t, save}) {
  const box = useRef(null), seen = useTyping(t.conv), mine = t.mode === 'person' && t.owner === me().name, others = t.mode === 'person' && !mine;
  const does = (what, words) => async () => {
    try {
      await act({t: what, conv: t.conv});
      announce(words);
    } catch (e) {
      toast(e.title);
    }
  };
  const take = does('takeover', 'It is yours. The bot is silent now.');
  const stuck = useRef(true);
  useLayoutEffect(() => {
    if (stuck.current && box.current)
      box.current.scrollTop = box.current.scrollHeight;
  }, [t.events.length, seen]);
  useKeys({t: () => !mine && take()}, {t: 'take over'});
  const before = !t.events.some((e) => e.t === 'answer') && t.reply?.text; /* in Slack and Matrix what went before is the ticket's */
  const replies = t.events.filter((e) => e.t === 'msg' && e.from === 'staff');
  return html`<article class="live" aria-labelledby="talk">
    <h2 id="talk" tabindex="-1" dir="auto">${t.question || 'No question yet'}</h2>
    <p class="line"><${Tag} tone=${t.mode === 'waiting' ? 'warn' : mine ? 'good' : ''}>${t.mode === 'waiting' ? 'waits for a person' : mine ? 'yours' : others ? `with ${t.who || t.owner}` : 'the bot answers'}<//>
      <span class="soft">${t.channel}${t.mode !== 'bot' && t.since ? html` · ${when(t.since)}` : ''}${t.ticket ? html` · <a href=${link('triage', {id: t.ticket})}>#${t.ticket}</a>` : ''}</span></p>
    ${t.email && html`<p>Wants an answer by e-mail: <a href=${'mailto:' + encodeURIComponent(t.email)}>${t.email}</a>${t.email_note && html` — <span dir="auto">${t.email_note}</span>`}</p>`}
    <div class="actions" role="group" aria-label="What to do">
      ${!mine && html`<${Button} go=${!others} onClick=${take}>${others ? `Take over from ${t.who || t.owner}` : 'Take over'} <kbd aria-hidden="true">${shown('t')}</kbd><//>`}
      ${mine && html`<${Button} onClick=${does('release', 'It waits for somebody else now')}>Back to those who wait<//>
        <${Button} onClick=${does('return_to_bot', 'The bot answers again')}>Back to the bot<//><${Button} onClick=${does('close', 'Closed')}>Close<//>`}
      ${replies.length > 0 && t.ticket > 0 && can('agent') && html`<${Save} talk=${t} reply=${replies.at(-1).text} now=${save}/>`}</div>
    <div class="card said" ref=${box} tabindex="0" role="region" aria-label="Conversation" onScroll=${(e) => stuck.current = e.target.scrollHeight - e.target.scrollTop - e.target.clientHeight < 40}><ol class="talk">
      ${before && html`<li class="theirs"><p class="soft">Visitor</p><p dir="auto">${t.question}</p></li><li><p class="soft">Bot</p><p dir="auto">${before}</p></li>`}
      ${t.events.map((e) => html`<${Event} key=${e.seq} event=${e}/>`)}${seen && html`<li class="event soft">Visitor is typing…</li>`}</ol></div>
    ${mine ? html`<${Composer} key=${t.conv} conv=${t.conv} question=${t.question}/>` : html`<p class="soft">${others ? 'Somebody else answers here.' : 'Take it over to answer: the bot is silent from then on.'}</p>`}
  </article>`;
}

/* What was replied, as an answer for everybody who asks that from now on. `now`: a link out of the staff's room led here. */
function Save({talk, reply, now}) {
  const [open, set] = useState(now), q = talk.question;
  return html`<${Button} onClick=${() => set(true)}>Save as answer<//>
    ${open && html`<${Fix} kind="answer" ticket=${{id: talk.ticket, question: q}} onClose=${() => set(false)}
      entry=${{question: q, answer: reply, url: '', aka: [], tests: [q], not_tests: [], valid_from: '', valid_until: ''}}/>`}`;
}

/* ---- the page ---- */

function Page() {
  const [params] = useParams(), q = useQueue();
  const {talk, error} = useTalk({conv: +params.conv || undefined, ticket: +params.ticket || undefined});
  const talks = q.talks || [], current = talk?.conv, mine = talks.filter((t) => t.mode === 'person' && t.owner === me().name);
  const other = q.staff.filter((name) => name !== me().name);
  return html`<${Head} title="Live" note=${q.up ? other.length ? `Also here: ${other.join(', ')}` : 'You are the only one here.' : undefined}/>
    ${!q.up && html`<p class="problem" role="status">Not connected. What is said meanwhile is not lost; this page comes back by itself.</p>`}
    <div class=${'triage' + (params.conv || params.ticket ? ' chosen' : '')}><div class="split"><div class="list">
      ${q.talks ? html`<${Group} title="Waiting" talks=${talks.filter((t) => t.mode === 'waiting')} current=${current} empty="Nobody waits."/>
        <${Group} title="Mine" talks=${mine} current=${current} empty="You have no conversation."/>
        <${Group} title="Others" talks=${talks.filter((t) => t.mode === 'person' && !mine.includes(t))} current=${current} empty="Nobody else has one."/>` : html`<p class="soft">Connecting…</p>`}</div>
      <div class="detail">${(params.conv || params.ticket) && html`<p class="back"><a href=${link('live')}>All conversations</a></p>`}<${Problem} error=${error}/>
        ${talk && !error ? html`<${Talk} key=${talk.conv} talk=${talk} save=${!!params.save}/>` : !error && html`<${Empty} title="No conversation is chosen">Who asks for a person appears on the left, the longest waiting first.<//>`}</div></div></div>`;
}

export default Page;
