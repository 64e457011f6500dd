/* fix.js: one edit of the content, from the first letter to "visitors are answered with it": what is typed is tried on the log and on
 * all tests while it is typed, and what that changes is shown before anything is saved. */
import {html, useEffect, useRef, useState} from './preact.js';
import {can, get, post} from './api.js';
import {Button, Dialog, Field, Problem, Tag, announce, count, some, toast, useData} from './ui.js';
import {useKeys} from './keys.js';
import {Shown} from './plain.js';

const POLL_MS = 120, TYPING_MS = 600;

/* ---- jobs ---- */

const wait = (ms) => new Promise((go) => setTimeout(go, ms));

/* Has it done, and waits for the outcome; throws {code, title, result}. on(done, of) as it goes; signal: nobody wants it any more. */
export async function job(name, body, {on, signal} = {}) {
  const {job: id} = await post(name, body);
  for (;;) {
    if (signal?.aborted) {
      post('job-stop', {id}).catch(() => {});
      throw Object.assign(new Error('stopped'), {code: 'cancelled', title: 'Stopped.'});
    }
    const j = await get('job', {id});
    if (j.state === 'done')
      return j.result;
    if (j.state === 'failed' || j.state === 'cancelled')
      throw Object.assign(new Error(j.problem), {code: j.code, title: j.problem || 'Stopped.', result: j.result});
    on?.(j.done, j.of);
    await wait(POLL_MS);
  }
}

/* What was saved becomes what it was before. */
export async function take_back(edit) {
  try {
    await job('take-back', {edit});
    announce('Taken back');
    return true;
  } catch (e) {
    toast(e.title);
    return false;
  }
}

/* ---- what it changes ---- */

const KINDS = {answer: 'answer', choices: 'did you mean', none: 'did not know', chitchat: 'small talk', handoff: 'a person'};
const VERDICTS = {better: 'good', worse: 'bad', other: 'warn'};
const percent = (p) => `${Math.round(100 * p)} %`;

const Side = ({side: s}) => html`${KINDS[s.kind]} <span class="soft num">${percent(s.confidence)}</span>${s.label && html`<br/><span class="soft" dir="auto">${s.label}</span>`}`;

function Changes({changes, total}) {
  return html`<div class="wide changes" tabindex="0" role="region" aria-label="Changed answers"><table>
    <thead><tr><th scope="col">Question</th><th scope="col" class="num">Asked</th><th scope="col">Before</th><th scope="col">After</th><td></td></tr></thead>
    <tbody>${changes.map((c, i) => html`<tr key=${i}><th scope="row" dir="auto">${c.question}</th><td class="num">${count(c.asked)}</td>
      <td><${Side} side=${c.before}/></td><td><${Side} side=${c.after}/></td><td><${Tag} tone=${VERDICTS[c.verdict]}>${c.verdict}<//></td></tr>`)}</tbody></table></div>
    ${total > changes.length && html`<p class="soft">The ${count(changes.length)} that matter most of ${count(total)}.</p>`}`;
}

/* Places without the folders of the machine. */
const near = (s) => s && s.replace(/\(\/\S*\//g, '(');

export function Tests({changes}) {
  return html`<ul class="trials">${changes.map((t, i) => html`<li key=${i}><${Tag} tone=${t.outcome === 'passed' ? 'good' : t.outcome === 'wrong' ? 'bad' : 'warn'}>${t.outcome}<//>
    <span dir="auto">${t.question}</span> ${t.before && html`<span class="soft">was ${t.before}</span>`}
    ${t.outcome !== 'passed' && html`<p class="soft">${t.want && `Wanted: ${near(t.want)}. `}${t.got && `Got: ${near(t.got)}. `}${t.why && `Why: ${t.why}.`}</p>`}</li>`)}</ul>`;
}

/* "This changes the answer to N logged questions and M tests." */
function Effect({result: r}) {
  const q = r.questions, t = r.tests, parts = [['better', q.better], ['worse', q.worse], ['different', q.other]].filter(([, n]) => n);
  return html`<div class="effect"><p><strong>This changes the answer to ${some(q.changed, 'logged question')} and ${some(t.changed, 'test')}.</strong>${' '}
    <span class="soft">${q.changed ? `${parts.map(([w, n]) => `${count(n)} ${w}`).join(', ')}; asked ${some(q.asked, 'time')}. ` : ''}Of the last ${count(q.n)} questions and ${some(t.n, 'test')}.</span></p>
    ${r.changes.length > 0 && html`<${Changes} changes=${r.changes} total=${q.changed}/>`}
    ${t.changes.length > 0 && html`<h3>Tests</h3><${Tests} changes=${t.changes}/>`}</div>`;
}

/* ---- the forms ---- */

const lines = (list) => (list || []).join('\n');
const list_of = (text) => text.split('\n').map((s) => s.trim()).filter(Boolean);
const id_of = (passage) => passage.slice(passage.lastIndexOf('#') + 1);

function Entry({e, set, url, first, wordings}) {
  const on = (name) => (x) => set({...e, [name]: x.target.value});
  const many = (name) => (x) => set({...e, [name]: x.target.value.split('\n')});
  const fresh = wordings.filter((w) => w !== e.question && !(e.aka || []).includes(w));
  return html`<${Field} label="Question" required value=${e.question} onInput=${on('question')} dir="auto"/>
    <${Field} label=${url ? 'What to say' : 'Answer'} hint="Markdown. Visitors see it word for word." rows=${5} required value=${e.answer} onInput=${on('answer')} autofocus=${first} dir="auto"/>
    <${Field} label=${url ? 'Where to go' : 'Source (optional)'} type="url" placeholder="https://" required=${!!url} value=${e.url} onInput=${on('url')}/>
    <${Field} label="Other ways to ask" hint="One a line" rows=${2} value=${lines(e.aka)} onInput=${many('aka')} dir="auto"/>
    ${fresh.length > 0 && html`<p><${Button} small onClick=${() => set({...e, aka: [...list_of(lines(e.aka)), ...fresh]})}>Add ${some(fresh.length, 'wording')} from the log<//></p>`}
    <${Field} label="Tests: must be answered with this" hint="One a line. Nothing that fails one is saved by accident." rows=${2} value=${lines(e.tests)} onInput=${many('tests')} dir="auto"/>
    <details open=${e.not_tests?.length > 0 || !!e.valid_until || !!e.valid_from}><summary>Dates, and what it must not answer</summary>
      <${Field} label="Must not be answered with this" hint="One a line" rows=${2} value=${lines(e.not_tests)} onInput=${many('not_tests')} dir="auto"/>
      <div class="dates"><${Field} label="Valid from" type="date" value=${e.valid_from} onInput=${on('valid_from')}/>
      <${Field} label="Valid until" hint="Never served after that day" type="date" value=${e.valid_until} onInput=${on('valid_until')}/>
      <${Field} label="Reviewed" type="date" value=${e.reviewed} onInput=${on('reviewed')}/></div></details>`;
}

function Pick({id, set, ticket}) {
  const [q, search] = useState(''), [found, show] = useState([]), [near, set_near] = useState(null);
  useEffect(() => {
    if (ticket?.id)
      get('why', {id: ticket.id}).then((r) => set_near((r.explain || []).flatMap((w) => w.hits).map((h) => ({id: h.passage, question: h.heading || h.title}))), () => set_near([]));
  }, []);
  useEffect(() => {
    let mine = true;
    const timer = setTimeout(() => get('answers', {q}).then((r) => mine && show(r.answers.filter((a) => a.status !== 'draft')), () => {}), q ? 150 : 0);
    return () => {
      mine = false;
      clearTimeout(timer);
    };
  }, [q]);
  const known = new Map(found.map((a) => [a.id, a]));
  const first = q || !near ? [] : near.filter((n, i) => known.has(id_of(n.id)) && near.findIndex((m) => id_of(m.id) === id_of(n.id)) === i).slice(0, 3).map((n) => known.get(id_of(n.id)));
  const all = [...first, ...found.filter((a) => !first.includes(a))].slice(0, 8);
  return html`<${Field} label="Find the entry that answers it" type="search" value=${q} onInput=${(e) => search(e.target.value)} autofocus/>
    <fieldset class="picks"><legend>Entry</legend>${all.map((a) => html`<label key=${a.file + a.id} class="check"><input type="radio" name="pick" checked=${id === a.id} onChange=${() => set(a.id)}/>
      <span dir="auto">${a.question} <span class="soft">${a.id}${first.includes(a) ? ' · near' : ''}</span></span></label>`)}
      ${!all.length && html`<p class="soft">No entry has these words.</p>`}</fieldset>`;
}

function Words({g, set, more}) {
  const both = !!g.both;
  return html`<${Field} label=${both ? 'Words that mean the same' : 'Who types'} hint="With commas" required autofocus value=${g.from} onInput=${(e) => set({...g, from: e.target.value})} dir="auto"/>
    ${!both && html`<${Field} label="also finds" hint="With commas" required value=${g.to} onInput=${(e) => set({...g, to: e.target.value})} dir="auto"/>`}
    <p><label class="check"><input type="checkbox" checked=${both} onChange=${(e) => set({...g, both: e.target.checked})}/> Both ways: each stands for the others</label></p>${more}`;
}

const words = (s) => s.split(',').map((w) => w.trim()).filter(Boolean);

/* What the program is asked to try; null: something is missing yet. */
function draft_of(kind, s) {
  if (kind === 'link')
    return s.id && s.question ? {kind, id: s.id, question: s.question, test: s.test} : null;
  if (kind === 'synonym') {
    const g = s.words;
    if (s.remove)
      return {kind, line: s.line, remove: true};
    const one = g.both ? {words: words(g.from)} : {from: words(g.from), to: words(g.to)};
    return (g.both ? one.words.length > 1 : one.from.length && one.to.length) ? {kind, ...one, line: s.line, weight: s.weight} : null;
  }
  if (kind === 'retire')
    return {kind, id: s.id, file: s.file};
  const e = s.entry, entry = {...e};
  for (const name of ['aka', 'tests', 'not_tests'])
    entry[name] = list_of(lines(e[name]));
  if (!e.question?.trim() || !e.answer?.trim() || (kind === 'redirect' && !e.url?.trim()))
    return null;
  return kind === 'edit' ? {kind, id: s.id, file: s.file, entry: {...entry, status: ''}} : {kind, entry};
}

/* ---- proposals ---- */

/* For these questions; take({draft, from, to, fixes, ...}) when one is to be used. */
function Proposals({questions, take}) {
  const [found, set] = useState(null), [busy, set_busy] = useState(false), [error, set_error] = useState(null);
  const look = async () => {
    set_busy(true);
    set_error(null);
    try {
      const {proposals} = await job('propose', {questions});
      set(proposals);
      announce(proposals.length ? some(proposals.length, 'proposal') : 'Nothing was found that helps and harms nothing');
    } catch (e) {
      set_error(e);
    }
    set_busy(false);
  };
  return html`<div class="proposals"><${Problem} error=${error}/>
    ${found === null ? html`<${Button} small busy=${busy} onClick=${look}>${busy ? 'Trying' : 'Propose what would answer it'}<//>` :
      found.length ? html`<ul>${found.map((p, i) => html`<li key=${i}><${Button} small onClick=${() => take(p)}>Use<//>
        <span>${p.draft.kind === 'synonym' ? html`<em>${p.from}</em> = <em>${p.to}</em>` : html`one more way to ask <em dir="auto">${p.label}</em>`}
        <span class="soft"> fixes ${count(p.fixes)}, breaks ${count(p.breaks)}</span></span></li>`)}</ul>` :
      html`<p class="soft">No synonym and no alias was found that helps and harms nothing. Write an answer.</p>`}</div>`;
}

/* ---- the dialog ---- */

const TITLES = {answer: 'Write an answer', redirect: 'Not us: say where to go', link: 'Link to an entry', synonym: 'Synonym', edit: 'Edit the entry', retire: 'Retire the entry'};

const begin = (kind, {ticket, entry, group, question, proposal: p}) => {
  const asked = p?.question || ticket?.question || question || '';
  const g = p?.from ? {both: false, from: p.from.join(', '), to: p.to.join(', ')} : group && {both: group.words.length > 0, from: (group.words.length ? group.words : group.from).join(', '), to: group.to.join(', ')};
  return {question: asked, test: true, id: p?.id ? id_of(p.id) : entry?.id, file: entry?.file, line: group?.line, weight: group?.weight || undefined, remove: group?.remove,
    words: g || {both: false, from: '', to: ''},
    entry: entry ? (({question, answer, url, aka, tests, not_tests, valid_from, valid_until, reviewed}) => ({question, answer, url, aka, tests, not_tests, valid_from, valid_until, reviewed}))(entry) :
      {question: asked, answer: '', url: '', aka: [], tests: asked ? [asked] : [], not_tests: [], valid_from: '', valid_until: ''}};
};

/* What may wait: a new entry, and one that visitors are not answered with yet. The others change what is live, or nothing. */
const may_wait = (kind, entry) => kind === 'answer' || kind === 'redirect' || (kind === 'edit' && entry.status === 'draft');

/* ticket {id, question}: is closed with it; entry: of `answer`, for edit and retire; group: of `synonyms`. onDone({name, closed, undo}). */
export function Fix({ticket, kind: wanted, entry, group, question, onDone, onClose}) {
  const [kind, set_kind] = useState(wanted), [s, set] = useState(() => begin(wanted, {ticket, entry, group, question}));
  const [seen, set_seen] = useState(null), [error, set_error] = useState(null), [busy, set_busy] = useState(''), [typed, set_typed] = useState('');
  const [hint, tell] = useState(''), form = useRef(null);
  const like = useData(ticket?.id ? 'similar' : null, {id: ticket?.id}); /* the same, as others put it */
  const wordings = (like.data?.texts || []).map((t) => t.text).filter((t) => t && t !== ticket.question).slice(0, 12);
  /* What is as it was has nothing to try: an entry that was only opened is no mistake. */
  const last = useRef(null), whole = draft_of(kind, s), was = useRef(JSON.stringify(whole));
  const waits = may_wait(kind, entry), fresh = kind !== 'edit' || waits; /* to publish what is a draft is a change by itself */
  const draft = (!fresh || group && !s.remove) && JSON.stringify(whole) === was.current ? null : whole, key = draft && JSON.stringify(draft), current = seen?.key === key ? seen.result : null;

  const look = async (signal) => {
    set_busy('Trying it on the log');
    set_error(null);
    try {
      const result = await job('preview', JSON.parse(key), {signal, on: (done, of) => of && set_busy(`Trying it on the log: ${Math.round(100 * Math.min(done / of, 1))} %`)});
      set_seen({key, result});
      announce(`This changes the answer to ${some(result.questions.changed, 'logged question')} and ${some(result.tests.changed, 'test')}`);
    } catch (e) {
      if (e.code === 'cancelled')
        return;
      set_error(e);
    }
    set_busy('');
  };
  useEffect(() => tell(''), [key, current, typed]);
  useEffect(() => {
    if (!key)
      set_error(null);
    if (!key || current)
      return;
    const stop = new AbortController(), timer = setTimeout(() => look(stop.signal), last.current === null && (kind === 'retire' || s.remove) ? 0 : TYPING_MS);
    last.current = key;
    return () => {
      clearTimeout(timer);
      stop.abort();
      set_busy('');
    };
  }, [key]);

  const regress = current?.tests.regress || 0, tried = current && can('editor') && busy !== 'Saving', ready = tried && (!regress || typed === current.name);
  /* later: nobody is answered with it before it is published, so no test can stand against it, and the question stays in the queue. */
  const save = async (later) => {
    later &&= waits;
    if (!(later ? tried : ready)) { /* a key that does nothing has to say why */
      if (busy !== 'Saving' && can('editor') && (draft || form.current.reportValidity()))
        tell(!draft ? 'Not saved: there is nothing to try yet.' : current ? `Not saved: tests would fail. Type ${current.name} first.` :
          'Not saved yet: look first at what it changes, then save.');
      return;
    }
    set_busy('Saving');
    set_error(null);
    try {
      const r = await job('save', {...draft, ...later && {entry: {...draft.entry, status: 'draft'}}, digest: current.digest, override: typed || undefined, ticket: ticket?.id});
      toast(later ? 'Saved, not published: visitors are answered with it when somebody publishes it, on the page Answers.' : `${r.live ? `Saved: visitors are answered with it, ${r.ms} ms later` : `Saved, but not live: ${r.why}`}.${r.closed.length ? ` ${some(r.closed.length, 'question')} closed.` : ''}`,
        {undo: async () => await take_back(r.edit) && onDone?.({undone: true})});
      onDone?.(r);
      onClose();
    } catch (e) {
      set_error(e);
      set_busy('');
      if (e.code === 'stale')
        set_seen(null);
    }
  };
  useKeys({'ctrl+enter': () => save(true), 'ctrl+shift+enter': () => save(false)});

  const never = async () => {
    try {
      const {closed} = await post('ignore', {id: ticket.id});
      toast(`It does not come back. ${some(closed, 'question')} closed.`);
      onDone?.({});
      onClose();
    } catch (e) {
      set_error(e);
    }
  };
  const take = ({draft: p}) => {
    set_kind(p.kind);
    set({...s, ...begin(p.kind, {ticket, proposal: p})});
  };
  const proposals = ticket && html`<${Proposals} questions=${[ticket.question, ...wordings]} take=${take}/>`;
  return html`<${Dialog} title=${s.remove ? 'Take the group out' : TITLES[kind]} wide onClose=${onClose}><form class="fix" ref=${form} onSubmit=${(e) => {
    e.preventDefault();
    save(false);
  }}><div class="said">
    ${ticket && html`<p>Asked: <strong dir="auto">${ticket.question}</strong></p>`}
    ${kind === 'link' ? html`<${Pick} id=${s.id} ticket=${ticket} set=${(id) => set({...s, id})}/>
        <${Field} label="is asked as" value=${s.question} onInput=${(e) => set({...s, question: e.target.value})} dir="auto"/>
        <p><label class="check"><input type="checkbox" checked=${s.test} onChange=${(e) => set({...s, test: e.target.checked})}/> Also a test: it must be answered with that entry from now on</label></p>${proposals}` :
      kind === 'synonym' ? s.remove ? html`<p><em>${s.words.from}</em>${s.words.to && html` → <em>${s.words.to}</em>`}</p>` :
        html`<${Words} g=${s.words} set=${(g) => set({...s, words: g})} more=${proposals}/>` :
      kind === 'retire' ? html`<p dir="auto">“${entry.question}” is answered no more. It stays in ${entry.file} as a draft, and can be published again from here.</p>` :
        html`<${Entry} e=${s.entry} url=${kind === 'redirect'} wordings=${wordings} first=${!!ticket || kind === 'edit'} set=${(e) => set({...s, entry: e})}/>`}
    </div><div class="tried">
    ${current?.entry && kind !== 'link' && kind !== 'retire' && html`<section aria-label="As visitors see it"><h3>As visitors see it</h3>
      <${Shown} question=${current.entry.question || s.entry.question} text=${current.entry.plain} source=${current.entry.url}/></section>`}
    <div aria-live="polite">${busy && html`<p class="soft">${busy}</p>`}${hint && html`<p class="wrong">${hint}</p>`}</div><${Problem} error=${error} onRetry=${!busy && key && !current && (() => look())}/>
    ${current && html`<${Effect} result=${current}/>`}
    ${regress > 0 && html`<${Field} label=${`${some(regress, 'test')} would fail. To save all the same, type ${current.name}`} value=${typed} onInput=${(e) => set_typed(e.target.value)}/>`}
    ${!current && !busy && !error && html`<p class="soft">What it would change is shown here as soon as there is something to try.</p>`}</div>
    ${!can('editor') && html`<p class="soft">You see what it would change; saving is for the role editor.</p>`}
    <p class="actions" onClick=${(e) => ready || e.target.closest('.go') && save(false)}>${kind === 'redirect' && ticket && html`<${Button} onClick=${never}>Nothing to say: never show it again<//>`}
      <${Button} onClick=${onClose}>Cancel<//>${waits && html`<${Button} onClick=${() => save(true)}>Save, publish later<//>`}<${Button} go type="submit" busy=${!ready}>Save and publish<//></p></form><//>`;
}
