/* quality.js: the tests of the content, now; and what was changed in it, each of which can be taken back. */
import {html, useEffect, useState} from '../part/preact.js';
import {can} from '../part/api.js';
import {useParams} from '../part/route.js';
import {Button, Empty, Head, More, Problem, Table, Tag, count, useData, when} from '../part/ui.js';
import {Tests, job, take_back} from '../part/fix.js';

const KINDS = {answer: 'wrote', redirect: 'redirected', edit: 'changed', retire: 'retired', link: 'linked', synonym: 'synonyms', undo: 'took back'};

function Page() {
  const [r, set] = useState(null), [error, set_error] = useState(null), [busy, set_busy] = useState(''), [params, go] = useParams();
  const edits = useData('edits', {before: params.before});
  const run = async () => {
    set_busy('Asking all tests');
    set_error(null);
    try {
      set(await job('test', {}));
    } catch (e) {
      set_error(e);
    }
    set_busy('');
  };
  useEffect(() => {
    run();
  }, []);
  const undo = async (id) => {
    set_busy('Taking it back');
    if (await take_back(id))
      run();
    set_busy('');
    edits.reload();
  };
  const sums = r && [['Passed', r.passed], ['Wrong', r.wrong], ['Near', r.near], ['Declined', r.declined], ['Unlike', r.unlike]];
  const rows = (edits.data?.edits || []).map((e) => ({key: e.id, cells: [html`${KINDS[e.kind] || e.kind} <span dir="auto">${e.name}</span>${e.forced ? html` <${Tag} tone="bad">against tests<//>` : ''}`,
    e.file.split('/').pop(), e.who, when(e.at),
    e.state === 'undone' ? 'taken back' : e.state === 'begun' ? 'under way' : can('editor') && e.kind !== 'undo' ? html`<${Button} small busy=${!!busy} onClick=${() => undo(e.id)}>Take back<span class="sr"> ${e.name}</span><//>` : '']}));
  return html`<${Head} title="Quality" note="What the content must answer, and must not: tests of entries and test questions. Nothing that fails one is saved by accident.">
      <${Button} busy=${!!busy} onClick=${run}>Run all tests<//><//>
    <div aria-live="polite">${busy && html`<p class="soft">${busy}</p>`}</div><${Problem} error=${error} onRetry=${run}/>
    ${r && (r.n ? html`<ul class="sums">${sums.map(([name, n]) => html`<li><strong>${count(n)}</strong>${name}</li>`)}<li><strong>${count(Math.round(r.us / 1000))} ms</strong>Time</li></ul>
      ${r.failures.length ? html`<section class="card"><h2>What does not pass</h2><${Tests} changes=${r.failures}/></section>` : html`<p>All ${count(r.n)} tests pass.</p>`}` :
      html`<${Empty} title="There are no tests yet.">Give an entry some: questions that must be answered with it.<//>`)}
    <section aria-labelledby="changed"><div class="head"><h2 id="changed">What was changed</h2></div><${Problem} error=${edits.error} onRetry=${edits.reload}/>
      ${edits.data && html`<${Table} label="Changes of the content" head=${['Change', 'File', 'By', 'When', '']} rows=${rows} empty="Nobody has changed anything here yet."/>
        <${More} next=${edits.data.next} busy=${edits.busy} onMore=${() => go({before: edits.data.next})}/>`}</section>`;
}

export default Page;
