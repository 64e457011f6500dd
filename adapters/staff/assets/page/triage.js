/* triage.js: the questions that somebody should look at: the queue on the left, one of them on the right, and everything by keys.
 * What is done with it moves on to the next; for ten seconds it can be undone. */
import {html, useState, useEffect, useRef, useCallback} from '../part/preact.js';
import {get, post, can, me} from '../part/api.js';
import {useParams, link, go} from '../part/route.js';
import {on} from '../part/live.js';
import {Head, Button, Choice, Dialog, Empty, Field, More, Problem, Tag, announce, count, toast, useData, when} from '../part/ui.js';
import {useKeys} from '../part/keys.js';
import {Fix} from '../part/fix.js';
import {Ticket, REASONS} from './ticket.js';

const FILTERS = [['open', 'Open', 'all'], ['none', 'Unanswered', 'none'], ['low', 'Unsure', 'low'], ['down', 'Voted down', 'down'],
  ['person', 'Wants a person', 'person'], ['mine', 'Mine'], ['over', 'Done']];

/* ---- the queue ---- */

/* As many pages as have been asked for, again at reload(). `from` in place of `next`: in the order of what they are worth, where
 * one may come twice because others were closed meanwhile. */
function useQueue(what, q, sort) {
  const [state, set] = useState({items: [], next: 0, open: null, error: null, busy: true});
  const now = useRef({}), key = [what, q, sort].join();
  if (now.current.key !== key)
    now.current = {key, wanted: 1};
  const load = useCallback(async () => {
    const mine = now.current, run = mine.run = {};
    set((s) => ({...s, busy: true}));
    try {
      let items = [], next, from, open;
      do {
        const page = await get('queue', {what, q, sort, before: next, from});
        items = items.concat(page.tickets.filter((t) => !items.some((o) => o.id === t.id)));
        ({next, from, open} = page);
      } while ((next || from) && items.length < mine.wanted);
      if (now.current === mine && mine.run === run) {
        if (from === undefined && sort && !q && !/mine|over/.test(what)) /* what they are worth is being counted for the first time */
          setTimeout(() => now.current === mine && load(), 2000);
        set({items, next: next || from, open, error: null, busy: false});
      }
      return items;
    } catch (error) {
      if (now.current === mine)
        set((s) => ({...s, error, busy: false}));
      return [];
    }
  }, [key]);
  useEffect(() => {
    set((s) => ({...s, items: []}));
    load();
  }, [key]);
  useEffect(() => { /* what others do, and what comes in; now and then also without being told */
    let timer = 0;
    const soon = () => timer ||= setTimeout(() => {
      timer = 0;
      document.hidden || load();
    }, 500);
    const off = on('queue_changed', soon), often = setInterval(soon, 30_000);
    return () => {
      off();
      clearInterval(often);
      clearTimeout(timer);
    };
  }, [key]);
  const more = () => {
    now.current.wanted = state.items.length + 1;
    return load();
  };
  return {...state, reload: load, more};
}

function Filters({what, open, params}) {
  return html`<nav class="filters" aria-label="Which questions"><ul>${FILTERS.map(([name, text, n]) => html`<li>
    <a href=${link('triage', {...params, what: name === 'open' ? '' : name, id: ''})} aria-current=${name === what ? 'true' : undefined}>${text}
      ${n && open && html` <span class="soft">${count(open[n])}</span>`}</a></li>`)}</ul></nav>`;
}

function Item({ticket: t, current, params}) {
  const mine = t.owner === me().name;
  return html`<li><a href=${link('triage', {...params, id: t.id})} aria-current=${current ? 'true' : undefined} id=${'t' + t.id}>
    <span class="question" dir="auto">${t.question}</span>
    <span class="line">${t.why.map((w) => html`<${Tag} tone=${REASONS[w].tone}>${REASONS[w].text}<//>`)}
      ${t.asks > 1 && html`<${Tag} title=${`Asked ${t.asks} times in thirty days`}>× ${count(t.asks)}<//>`}
      ${t.like > 0 && html`<${Tag} title="Open questions that ask the same">${count(t.like)} like it<//>`}
      ${t.owner && html`<${Tag}>${mine ? 'yours' : t.owner}<//>`}<span class="soft">${t.channel} · ${when(t.at)}</span></span></a></li>`;
}

/* ---- dialogs ---- */

function Assign({onDone, onClose}) {
  const {data, error} = useData('people'), [who, choose] = useState(me().name), people = data?.people || [me().name];
  return html`<${Dialog} title="Give it to" onClose=${onClose}><${Problem} error=${error}/>
    <form onSubmit=${(e) => {
      e.preventDefault();
      onDone(who);
    }}><${Choice} label="Person" value=${who} onChange=${choose} autofocus options=${people.map((p) => [p, p])}/>
      <p class="actions"><${Button} onClick=${onClose}>Cancel<//><${Button} go type="submit">Give<//></p></form><//>`;
}

function Note({error, onDone, onClose}) {
  const [text, set] = useState(''), busy = useRef(false);
  const save = async () => {
    if (!text.trim() || busy.current)
      return;
    busy.current = true;
    await onDone(text.trim());
    busy.current = false;
  };
  useKeys({'ctrl+enter': save});
  return html`<${Dialog} title="Note" onClose=${onClose}><${Problem} error=${error}/><form onSubmit=${(e) => {
    e.preventDefault();
    save();
  }}><${Field} label="For the others of the staff" hint="Ctrl+Enter saves" rows=${4} maxlength="2000" required value=${text}
      onInput=${(e) => set(e.target.value)}/>
    <p class="actions"><${Button} onClick=${onClose}>Cancel<//><${Button} go type="submit">Save<//></p></form><//>`;
}

/* ---- the page ---- */

const FIXES = [['a', 'write an answer', 'answer'], ['l', 'link to an entry', 'link'], ['s', 'synonym', 'synonym'], ['x', 'not us: say where to go', 'redirect']];

/* What was done, in words; and whether one goes on to the next then. */
const DONE = {claim: ['Claimed'], take: ['It is yours now'], assign: ['Given to ', true], release: ['Released'], close: ['Closed', true],
  ignore: ['Ignored', true], duplicate: ['Closed as a duplicate', true], reopen: ['Open again', true], note: ['Noted']};

function Page() {
  const [params, set] = useParams(), what = params.what || 'open', id = +params.id || 0, search = useRef(null);
  const queue = useQueue(what, params.q || '', params.sort === 'new' ? '' : 'worth'), ticket = useData(id && can('agent') ? 'ticket' : null, {id});
  const [dialog, open] = useState(null), [trouble, set_trouble] = useState(null);
  useEffect(() => {
    set_trouble(null);
    document.getElementById('t' + id)?.scrollIntoView({block: 'nearest'});
  }, [id]);

  const at = queue.items.findIndex((t) => t.id === id);
  const choose = (t, i, n) => {
    set({id: t.id}, {replace: true});
    announce(`${i + 1} of ${n}: ${t.question}`);
  };
  const step = async (by) => {
    let items = queue.items, to = at < 0 ? 0 : at + by;
    if (to >= items.length && queue.next)
      items = await queue.more();
    if (items[to])
      choose(items[to], to, items.length);
    else
      announce(items.length ? 'There are no more' : 'Nothing is open here');
  };
  const go_on = async () => {
    const rest = queue.items.filter((t) => t.id !== id), place = Math.max(at, 0);
    const items = await queue.reload(), end = items.length - 1;
    let to = items.findIndex((t) => t.id === rest[Math.min(place, rest.length - 1)]?.id);
    if (to < 0) /* it is not there any more, or this one stood for others */
      to = Math.min(place, end);
    if (to >= 0)
      return choose(items[to], to, items.length);
    set({id: ''}, {replace: true});
    announce('Nothing is open here any more');
  };
  const undo = async (which) => {
    try {
      await post('undo', {id: which});
      await queue.reload();
      if (which === id)
        ticket.reload();
      set({id: which}, {replace: true});
      announce('Undone');
    } catch (e) {
      toast(e.title);
    }
  };
  const act = async (name, text, all) => {
    set_trouble(null);
    if (name !== 'note') /* what was typed stays until it is written down */
      open(null);
    try {
      const {n} = await post('act', {id, what: name, text, all});
      open(null);
      const [words, on] = DONE[name];
      toast(words + (name === 'assign' ? text : name === 'duplicate' && text ? ` of ${text}` : n > 1 ? `, ${count(n)} questions` : '') + '.', {undo: () => undo(id)});
      if (on)
        return go_on();
    } catch (e) {
      set_trouble(e);
      announce(e.title);
    }
    queue.reload();
    ticket.reload();
  };

  /* Of which one is noted by its number: a text would outlive the other one's erasure. */
  const duplicate = async () => {
    const like = await get('similar', {id}).catch(() => null), of = like?.tickets?.find((other) => other !== id);
    act('duplicate', of && '#' + of);
  };

  const t = ticket.data?.id === id ? ticket.data : null, mine = can('agent') && t;
  const over = t && (t.state === 'closed' || t.state === 'ignored'), others = t?.owner && t.owner !== me().name && !over;
  const keys = {j: () => step(1), k: () => step(-1), '/': () => search.current?.querySelector('input').focus(),
    enter: () => document.querySelector('.ticket h2')?.focus()};
  const help = {j: 'next question', k: 'previous question', enter: 'to the question', '/': 'search'};
  const offer = (key, text, fn) => {
    help[key] = text;
    if (mine)
      keys[key] = fn;
  };
  if (can('agent')) {
    offer('c', 'claim it', () => !over && !t.owner && act('claim'));
    offer('t', 'take over the conversation', () => !over && t.why.includes('person') && go(link('live', {ticket: id})));
    offer('n', 'write a note', () => open('note'));
    offer('o', 'give it to somebody', () => !over && open('assign'));
    offer('e', 'close it: it is dealt with', () => !over && !others && act('close'));
    offer('i', 'ignore it: nothing to answer', () => !over && !others && act('ignore'));
    offer('d', 'close it as a duplicate', () => !over && !others && duplicate());
    offer('r', 'open it again', () => over && act('reopen'));
    for (const [key, text, kind] of FIXES)
      offer(key, text, () => !over && !others && open(kind));
  }
  useKeys(keys, help);

  const items = queue.items;
  return html`<div class=${id ? 'triage chosen' : 'triage'}><${Head} title="Triage"><${Filters} what=${what} open=${queue.open} params=${params}/><//>
    <div class="split"><section class="list" aria-label="Questions">
      <form class="search" role="search" ref=${search} onSubmit=${(e) => {
        e.preventDefault();
        set({q: e.target.q.value.trim(), id: ''});
      }}><label class="sr" for="search">Search these questions</label>
        <input id="search" name="q" type="search" placeholder="Search" defaultValue=${params.q || ''} key=${params.q}/>
        <label class="sr" for="order">Order</label><select id="order" disabled=${!!params.q || what === 'mine' || what === 'over'} onChange=${(e) => set({sort: e.target.value})}>
          <option value="" selected=${!params.sort}>Most needed</option><option value="new" selected=${params.sort === 'new'}>Newest</option></select></form>
      <${Problem} error=${queue.error} onRetry=${queue.reload}/>
      ${!items.length && !queue.busy && !queue.error && html`<${Empty} title=${params.q ? `No question here has “${params.q}”.` :
        what === 'open' ? 'Nothing is waiting.' : 'There is nothing here.'}>${params.q ? 'Words are looked for in the order in which you typed them.' :
        'Questions come here when the bot did not know, was not sure, was voted down, or when somebody asked for a person.'}<//>`}
      <ul class="items" aria-busy=${queue.busy ? 'true' : 'false'}>${items.map((one) => html`<${Item} key=${one.id} ticket=${one} current=${one.id === id} params=${params}/>`)}</ul>
      <${More} next=${queue.next} busy=${queue.busy} onMore=${queue.more}/>
    </section>
    <section class="detail" aria-label="The question">
      ${id > 0 && html`<p class="back"><a href=${link('triage', {...params, id: ''})}>← All questions</a></p>`}
      ${!can('agent') ? html`<${Empty} title="Single questions are for the role agent.">You see the queue and its numbers. ${id > 0 &&
          html`<a href=${link('clusters', {id})}>What else asks the same</a>`}<//>` :
        !id ? html`<${Empty} title="Choose a question, or press j.">The key ? shows all the others.<//>` :
        html`<${Problem} error=${trouble}/><${Problem} error=${ticket.error} onRetry=${ticket.reload}/>
          ${t && html`<${Ticket} key=${t.id} ticket=${t} busy=${ticket.busy} act=${act} open=${open} over=${over} others=${others}/>`}`}
    </section></div>
    ${dialog === 'note' && html`<${Note} error=${trouble} onClose=${() => open(null)} onDone=${(text) => act('note', text)}/>`}
    ${FIXES.some(([, , kind]) => kind === dialog) && t && html`<${Fix} kind=${dialog} ticket=${{id, question: t.question}} onClose=${() => open(null)}
      onDone=${(r) => r.undone ? queue.reload() : go_on()}/>`}
    ${dialog === 'assign' && html`<${Assign} onClose=${() => open(null)} onDone=${(who) => act('assign', who)}/>`}
  </div>`;
}

export default Page;
