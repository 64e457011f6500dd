/* clusters.js: questions that ask the same thing, as one: how many, since when, whether it grows, and why the guides did not answer. */
import {html, useEffect, useState} from '../part/preact.js';
import {get, post, can} from '../part/api.js';
import {useParams, link} from '../part/route.js';
import {Button, Choice, Dialog, Empty, Field, Head, More, Problem, Table, Tag, announce, count, some, toast, when} from '../part/ui.js';
import {useKeys} from '../part/keys.js';
import {Chart, Spark, Stack} from '../part/chart.js';
import {Counting, END, TONES, percent, useSurvey} from '../part/survey.js';

const SHOWN = [['', 'All'], ['open', 'With open questions'], ['fresh', 'New'], ['rising', 'Rising'], ['merged', 'Put together by hand']];
const SORTS = [['', 'Most without an answer'], ['asks', 'Most asked'], ['open', 'Most open'], ['last', 'Asked last']];
const SHOW_HINT = {fresh: 'First asked in the last seven days, three times or more.', rising: 'Asked twice as often in the last seven days as in the seven before, and five times more.'};

const week = (g) => g.day.slice(-7).reduce((a, b) => a + b, 0);
const Flags = ({g}) => html`${g.fresh && html`<${Tag} tone="warn">new<//> `}${g.rising && html`<${Tag} tone="warn">rising<//> `}${g.merged && html`<${Tag}>by hand<//>`}`;
const label = (g) => g.label ?? '(erased)';

/* ---- all of them ---- */

function near(g) {
  const n = g.near;
  if (!g.nobody || !n)
    return g.cited ? g.cited.question || g.cited.title : '–';
  if (n.unknown)
    return html`<span class="soft">no guide has</span> <strong>${n.unknown}</strong>`;
  return n.question ? html`${n.question} <span class="soft">${Math.round(100 * n.confidence)} %</span>` : '–';
}

function List({params, set}) {
  const asked = {show: params.show, sort: params.sort, q: params.q}, {data, error, reload, counting} = useSurvey('clusters', asked);
  const [more, set_more] = useState([]), [trouble, set_trouble] = useState(null), [at, set_at] = useState(-1);
  useEffect(() => {
    set_more([]);
    set_at(-1);
  }, [data]);
  const pages = data ? [data, ...more] : [], groups = pages.flatMap((p) => p.groups), next = pages.at(-1)?.next;
  const step = (by) => {
    const i = Math.max(0, Math.min(groups.length - 1, at + by));
    if (!groups.length)
      return;
    set_at(i);
    announce(`${i + 1} of ${groups.length}: ${label(groups[i])}`);
    document.getElementById('c' + groups[i].id)?.scrollIntoView({block: 'nearest'});
  };
  useKeys({j: () => step(1), k: () => step(-1), enter: () => groups[at] && set({id: groups[at].id})}, {j: 'next cluster', k: 'previous cluster', enter: 'open it'});
  return html`<div><${Head} title="Clusters" note=${data && html`${some(data.all, 'cluster')} of ${some(data.asked, 'question')} in thirty days, as of ${when(data.at)}.`}/>
    <nav class="filters" aria-label="Which clusters"><ul>${SHOWN.map(([name, text]) => html`<li><a href=${link('clusters', {...params, show: name})} aria-current=${(params.show || '') === name ? 'true' : undefined}>${text}</a></li>`)}</ul></nav>
    <form class="tools" role="search" onSubmit=${(e) => {
      e.preventDefault();
      set({q: e.target.q.value.trim()});
    }}><${Field} class="grow" label="Words" name="q" type="search" value=${params.q || ''} key=${params.q || ''}/><${Choice} label="Order" value=${params.sort || ''} options=${SORTS} onChange=${(v) => set({sort: v})}/><${Button} type="submit">Search<//></form>
    ${SHOW_HINT[params.show] && html`<p class="soft">${SHOW_HINT[params.show]}</p>`}
    <${Problem} error=${error || trouble} onRetry=${reload}/><${Counting} counting=${counting}/>
    ${data && html`<${Table} label="Clusters" head=${['What is asked', 'Thirty days', {text: 'Asked', num: true}, {text: 'No answer', num: true}, {text: 'Open', num: true}, 'Nearest in the guides']}
      rows=${groups.map((g, i) => ({key: g.id, current: i === at, cells: [html`<a id=${'c' + g.id} href=${link('clusters', {id: g.id})} dir="auto">${label(g)}</a> <${Flags} g=${g}/>`,
        html`<${Spark} values=${g.day} label=${`${some(week(g), 'time')} in the last seven days`}/>`, count(g.asks), percent(g.nobody, g.asks), g.open ? count(g.open) : '', near(g)]}))}
      empty=${html`<${Empty} title="No cluster fits.">${params.q || params.show ? 'Show all, or search for fewer words.' : 'Clusters begin with the first question.'}<//>`}/>
      <${More} next=${next} onMore=${() => get('clusters', {...asked, from: next}).then((p) => set_more([...more, p]), set_trouble)}/>`}</div>`;
}

/* ---- one of them ---- */

function Why({g}) {
  const n = g.near;
  if (!g.nobody || !n)
    return g.cited ? html`<p>Mostly answered by <a href=${link('questions', {passage: g.cited.passage})}>${g.cited.question || g.cited.passage}</a>
      <span class="soft">(${g.cited.title}), ${some(g.cited.times, 'time')}.</span></p>` : html`<p>Nothing was quoted.</p>`;
  return html`${n.unknown && html`<p>No guide has the ${n.unknown.includes(',') ? 'words' : 'word'} <strong>${n.unknown}</strong>. A synonym helps if it is another word for something that is there; else it is to be written.</p>`}
    ${n.question ? html`<p>The nearest is <strong>${n.question}</strong> <span class="soft">(${n.title})</span>, with a confidence of ${Math.round(100 * n.confidence)} %.
      ${n.band === 'medium' ? ' That is enough to ask back, not to answer.' : n.band === 'none' ? ' That is too little to offer it.' : ' That is enough for this wording, others were not sure enough: they are further ways to ask it.'}</p>` :
    html`<p>Nothing in the guides is near.</p>`}`;
}

function Merge({g, onDone, onClose}) {
  const [q, set_q] = useState(''), [asked, set_asked] = useState(''), [trouble, set_trouble] = useState(null);
  const {data} = useSurvey('clusters', {q: asked, sort: 'asks'}), others = data?.groups.filter((o) => o.id !== g.id).slice(0, 8) || [];
  const choose = (o) => post('merge', {id: g.id, into: o.id}).then(() => onDone(o), set_trouble);
  return html`<${Dialog} title="Ask the same as" wide onClose=${onClose}><p class="soft" dir="auto">${label(g)}</p><${Problem} error=${trouble}/>
    <form class="tools" onSubmit=${(e) => {
      e.preventDefault();
      set_asked(q.trim());
    }}><${Field} class="grow" label="Words of the other cluster" autofocus type="search" value=${q} onInput=${(e) => set_q(e.target.value)}/><${Button} type="submit">Search<//></form>
    <${Table} label="Other clusters" head=${['What is asked', {text: 'Asked', num: true}, '']} empty="No other cluster has these words." rows=${others.map((o) => ({key: o.id,
      cells: [label(o), count(o.asks), html`<${Button} small onClick=${() => choose(o)}>The same<span class="sr"> as ${label(o)}</span><//>`]}))}/><//>`;
}

/* Clusters are made anew in the background. */
const AGAIN_MS = 1000, TRIES = 30;
async function changed(id, asks) {
  for (let i = 0; i < TRIES; i++) {
    await new Promise((go) => setTimeout(go, AGAIN_MS));
    const g = await get('cluster', {id}).catch(() => null);
    if (g?.ready && g.asks !== asks)
      return;
  }
}

function One({id}) {
  const {data: g, error, reload, counting} = useSurvey('cluster', {id}), [merging, set_merging] = useState(false);
    useKeys({m: () => g && can('agent') && set_merging(true)}, {m: 'put together with another cluster'});
  const apart = (m) => post('unmerge', {id: m.id}).then(() => {
    toast('Taken apart; the clusters follow in a moment');
    changed(id, g.asks).then(reload);
  }, (e) => toast(e.title));
  const days = g && g.day.map((n, i) => {
    const date = new Date(g.at - (29 - i) * 86400000), text = date.toISOString().slice(0, 10);
    return {label: date.toLocaleDateString('en', {day: 'numeric', month: 'short'}), text, n};
  });
  return html`<div><p><a href=${link('clusters')}>← All clusters</a></p><${Head} title=${g ? label(g) : 'Cluster'}>
      ${g?.ticket > 0 && can('agent') && html`<${Button} go href=${link('triage', {id: g.ticket})}>Answer it<//>`}
      ${g && html`<${Button} href=${link('questions', {cluster: g.id})}>Its questions<//>`}
      ${g && can('agent') && html`<${Button} onClick=${() => set_merging(true)}>Put together with … <kbd>m</kbd><//>`}<//>
    <${Problem} error=${error?.status === 404 ? {title: 'There is no such cluster any more: its questions are older than thirty days, or were erased.'} : error} onRetry=${reload}/><${Counting} counting=${counting}/>
    ${g && html`<p><${Flags} g=${g}/></p><ul class="sums"><li><strong>${count(g.asks)}</strong><a href=${link('questions', {cluster: g.id})}>Asked</a></li>
        <li><strong>${percent(g.nobody, g.asks)}</strong><a href=${link('questions', {cluster: g.id, end: 'nobody'})}>Without an answer</a></li>
        <li><strong>${count(g.open)}</strong>Open</li><li><strong>${count(g.wordings)}</strong>Wordings</li><li><strong>${when(g.last)}</strong>Asked last</li></ul>
      <div class="charts"><section class="card"><h2>${g.nobody ? 'Why it was not answered' : 'What answers it'}</h2><${Why} g=${g}/></section>
        <${Chart} title="Each day" twin=${{head: ['Day until now', 'Asked'], rows: days.map((d) => [d.label, d.n])}}>
          <${Stack} items=${days.map((d) => ({label: d.label, href: link('questions', {cluster: g.id, day: d.text}), values: [d.n], title: `${d.label}: ${some(d.n, 'question')}`}))} series=${[{name: 'Asked', look: 's0'}]}/><//>
        <section class="card"><h2>Where</h2><dl class="pairs">${Object.entries(g.channels).toSorted((a, b) => b[1] - a[1]).map(([name, n]) => html`<dt>${name}</dt><dd><a href=${link('questions', {cluster: g.id, channel: name})}>${count(n)}</a></dd>`)}</dl></section></div>
      <h2>How it was put</h2><${Table} label="Wordings" head=${['Wording', {text: 'Times', num: true}, 'Last time', {text: 'Confidence', num: true}]} empty="" rows=${g.texts.map((t) => ({key: t.id,
        cells: [html`<span dir="auto">${t.text ?? '(erased)'}</span>`, count(t.times), html`<${Tag} tone=${TONES[t.end]}>${END[t.end]}<//>`, `${Math.round(100 * t.confidence)} %`]}))}/>
      ${g.merges.length > 0 && html`<h2>Put together by hand</h2><${Table} label="Put together by hand" head=${['This', 'With', 'Who', 'When', '']} rows=${g.merges.map((m) => ({key: m.id, cells: [m.text ?? '(gone)', m.into ?? '(gone)', m.who, when(m.at),
        can('agent') && html`<${Button} small onClick=${() => apart(m)}>Take apart<span class="sr"> ${m.text}</span><//>`]}))}/>`}`}
    ${merging && html`<${Merge} g=${g} onClose=${() => set_merging(false)} onDone=${(o) => {
      set_merging(false);
      toast(`Together with “${label(o)}”; the clusters follow in a moment`);
      changed(id, g.asks).then(reload);
    }}/>`}</div>`;
}

function Page() {
  const [params, set] = useParams();
  return params.id ? html`<${One} id=${params.id} key=${params.id}/>` : html`<${List} params=${params} set=${set}/>`;
}

export default Page;
