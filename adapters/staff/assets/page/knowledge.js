/* knowledge.js: the content as those see it who keep it in order: what there is, what is wrong with it, what nobody needs. */
import {html} from '../part/preact.js';
import {useParams, link} from '../part/route.js';
import {Empty, Head, Problem, Table, Tag, count, some, when} from '../part/ui.js';
import {Counting, percent, useSurvey} from '../part/survey.js';

const STALE_MS = 365 * 86400000, SOON_MS = 14 * 86400000;
/* What the program calls a problem, and what we do. */
const KINDS = {collision: 'Another entry answers it', same: 'Two ask the same', figures: 'Figures differ', expired: 'Expired', expires: 'Expires soon', followup: 'Leads to expired text',
  reviewed: 'Not looked at for a year', link: 'Broken link', synonym: 'Synonym without effect', owner: 'No owner'};

const short = (file) => file.split('/').slice(-2).join('/');
const place = (p) => short(p.file) + (p.line ? ':' + p.line : '');
const until = (text) => text && Date.parse(text + 'T23:59:59Z') - Date.now();

function Problems({d}) {
  return html`<section><h2 id="problems">Problems</h2>
    <p class="soft">What <code>guidepost check</code> finds by asking ${some(d.questions, 'question')} of the content. Looked at ${when(d.at)}.</p>
    <${Table} label="Problems" head=${['What', 'Where', 'What is wrong', 'What would mend it']} empty=${html`<${Empty} title="Nothing is wrong with the content."/>`}
      rows=${d.problems.map((p, i) => ({key: i, cells: [html`<${Tag} tone=${p.error ? 'bad' : 'warn'}>${p.error ? 'Mistake' : KINDS[p.kind] || p.kind || 'Warning'}<//>`, place(p), p.message, p.remedy || '']}))}/></section>`;
}

function Flags({x, d}) {
  const left = until(x.valid_until);
  return html`${d.counted && !x.quoted && html`<${Tag} tone="warn">never quoted<//> `}${x.reviewed && Date.now() - Date.parse(x.reviewed) > STALE_MS && html`<${Tag} tone="warn">stale<//> `}
    ${left && left < SOON_MS && html`<${Tag} tone="bad">${left < 0 ? 'expired' : 'expires'} ${x.valid_until}<//>`}`;
}

function Documents({d, show}) {
  const rows = d.documents.filter((x) => show !== 'unused' || !x.quoted);
  return html`<section><h2>Sources</h2><nav class="filters" aria-label="Which sources"><ul><li><a href=${link('knowledge')} aria-current=${show ? undefined : 'true'}>All</a></li>
      <li><a href=${link('knowledge', {show: 'unused'})} aria-current=${show === 'unused' ? 'true' : undefined}>Never quoted</a></li></ul></nav>
    <${Table} label="Sources" head=${['Page', {text: 'Passages', num: true}, {text: 'Quoted', num: true}, {text: 'Not helpful', num: true}, 'Looked at', 'Owner']} empty=${html`<p>Every page was quoted in the last thirty days.</p>`}
      rows=${rows.map((x) => ({key: x.document, cells: [html`${x.url ? html`<a href=${x.url} rel="noreferrer">${x.title}</a>` : x.title} <small class="soft">${short(x.file)}</small> <${Flags} x=${x} d=${d}/>`,
        count(x.passages), x.quoted ? html`<a href=${link('questions', {document: x.document})}>${count(x.quoted)}</a>` : d.counted ? '0' : '…',
        x.up + x.down ? html`<a href=${link('questions', {document: x.document, vote: 'down'})}>${count(x.down)}</a> <span class="soft">${percent(x.down, x.up + x.down)}</span>` : '', html`<span class="whole">${x.reviewed || '–'}</span>`, x.owner || '–']}))}/></section>`;
}

const entry = (e) => ({key: e.passage, cells: [html`<span dir="auto">${e.question}</span>`, e.id, e.quoted ? html`<a href=${link('questions', {passage: e.passage})}>${count(e.quoted)}</a>` : '0', html`<span class="whole">${e.reviewed || '–'}</span>`]});
const ENTRY = ['Entry', 'Name', {text: 'Quoted', num: true}, 'Looked at'];

function Page() {
  const [params] = useParams(), {data: d, error, reload, counting} = useSurvey('knowledge', {});
  const votes = d && d.documents.reduce((a, x) => [a[0] + x.down, a[1] + x.up + x.down], [0, 0]);
  return html`<div><${Head} title="Knowledge" note=${d && html`Indexed ${when(d.indexed)}.`}/><${Problem} error=${error} onRetry=${reload}/><${Counting} counting=${counting}/>
    ${d && html`<ul class="sums"><li><strong>${count(d.totals.documents)}</strong>Pages</li><li><strong>${count(d.totals.entries)}</strong>Entries</li><li><strong>${count(d.totals.passages)}</strong>Passages</li>
        <li><strong>${count(d.errors + d.warnings)}</strong>Problems</li><li><strong>${percent(votes[0], votes[1])}</strong>Votes against</li></ul>
      <div class="parts"><${Problems} d=${d}/><${Documents} d=${d} show=${params.show || ''}/>
      ${d.counted && html`<section><h2>Entries that nobody needed</h2><p class="soft">Not quoted once in thirty days.${d.ndead > d.dead.length ? ` The first ${d.dead.length} of ${count(d.ndead)}.` : ''}</p><${Table} label="Entries that nobody needed" head=${ENTRY} rows=${d.dead.map(entry)} empty=${html`<p>Each entry was quoted.</p>`}/></section>
        <section><h2>Entries that always come second</h2><p class="soft">Quoted, and each time behind another: another entry may say the same.</p><${Table} label="Entries that always come second" head=${ENTRY} rows=${d.second.map(entry)} empty=${html`<p>There is none.</p>`}/></section>`}</div>`}</div>`;
}

export default Page;
