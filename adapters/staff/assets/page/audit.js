/* audit.js: who did what, and whether that list is as it was written. */
import {html, useState, useEffect} from '../part/preact.js';
import {get} from '../part/api.js';
import {useParams} from '../part/route.js';
import {Head, Button, Field, Problem, Table, More, count, useData} from '../part/ui.js';
import {Copy, Save} from '../part/save.js';

const FILTERS = [['actor', 'Who', 'search'], ['action', 'What', 'search'], ['object', 'To what', 'search'], ['since', 'From', 'date'], ['until', 'Until', 'date']];

/* The whole chain, a stretch at a time. */
function Verify() {
  const [state, set] = useState(null);
  const go = async () => {
    let rows = 0, broken = 0, next = 0, hash = '';
    set({busy: true, rows});
    try {
      do {
        const part = await get('audit-verify', {after: next || undefined});
        rows += part.rows;
        broken ||= part.broken;
        hash = part.hash || hash;
        next = part.next;
        set({busy: next > 0, rows, broken, hash});
      } while (next);
    } catch (error) {
      set({error});
    }
  };
  return html`<section class="card"><div class="head"><h2>Is it as it was written?</h2><div class="actions">
      <${Button} busy=${state?.busy} onClick=${go}>${state?.busy ? `${count(state.rows)} rows …` : 'Check all rows'}<//></div></div>
    <${Problem} error=${state?.error}/>
    <div role="status">${state && !state.busy && !state.error && (state.broken ? html`<p class="wrong"><b>Row ${count(state.broken)} is not what was written, or what was before it is
      gone.</b> Compare with an export from before.</p>`
    : html`<p>${count(state.rows)} rows, each as written. The last one has the hash</p>
      <p class="secret"><code>${state.hash}</code> <${Copy} text=${state.hash} what="the hash"/></p>
      <p class="soft">Note it elsewhere: <code>guidepost audit verify --expect HASH</code> tells later whether rows were cut off at the end.</p>`)}</div></section>`;
}

function Filters({params, set}) {
  return html`<form class="fields" onSubmit=${(e) => {
    e.preventDefault();
    set({...Object.fromEntries(new FormData(e.target)), before: ''});
  }}>${FILTERS.map(([name, label, type]) => html`<${Field} key=${name + params[name]} label=${label} name=${name} type=${type} defaultValue=${params[name] || ''}/>`)}
    <p class="actions"><${Button} go type="submit">Show<//></p></form>`;
}

/* To the second, and in UTC, as the filter's days are. */
const stamp = (ms) => {
  const iso = new Date(ms).toISOString();
  return html`<time datetime=${iso}>${iso.slice(0, 19).replace('T', ' ')}</time>`;
};

const cells = (r) => [stamp(r.at), html`${r.actor} ${r.role && html`<span class="soft">${r.role}</span>`}`, html`<code>${r.action}</code>`, r.object || '',
  html`${r.before && html`${r.before} → `}${r.after || ''}`, r.request || ''];

function Page() {
  const [params, set] = useParams(), [older, set_older] = useState([]), [failed, set_failed] = useState(null);
  const {data, error, reload} = useData('audit', params), [next, set_next] = useState(0);
  useEffect(() => {
    set_older([]);
    set_next(data?.next || 0);
  }, [data]);
  const more = () => get('audit', {...params, before: next}).then((part) => {
    set_older([...older, ...part.rows]);
    set_next(part.next);
  }, set_failed);
  const rows = [...data?.rows || [], ...older];
  return html`<${Head} title="Audit"><${Save} name="audit-export" as="audit.jsonl" onError=${set_failed}>Export<//><//>
    <${Filters} params=${params} set=${set}/>
    <${Problem} error=${error || failed} onRetry=${error && reload}/>
    ${data && html`<${Table} label="What was done" head=${['When (UTC)', 'Who', 'What', 'To what', 'Change', 'With']} empty="Nothing that was done fits these words."
      rows=${rows.map((r) => ({key: r.id, cells: cells(r)}))}/><${More} next=${next} onMore=${more}/>`}
    <${Verify}/>`;
}

export default Page;
