/* triage.js: the questions that somebody should look at. */
import {html} from '../part/preact.js';
import {useParams, link} from '../part/route.js';
import {Head, Table, Tag, Problem, Empty, More, useData, when} from '../part/ui.js';

function Page() {
  const [params, set] = useParams();
  const {data, error, busy, reload} = useData('queue', {what: params.what, before: params.before});
  return html`<${Head} title="Triage"/>
    <${Problem} error=${error} onRetry=${reload}/>
    ${data && html`<${Table} label="Questions" head=${['Question', 'Why', 'Asked']} empty="Nothing waits for you."
      rows=${data.tickets.map((t) => ({key: t.id, cells: [html`<a href=${link('triage', {id: t.id})}>${t.question}</a>`,
        t.why.map((w) => html`<${Tag}>${w}<//>`), when(t.at)]}))}/>
      <${More} next=${data.next} busy=${busy} onMore=${() => set({before: data.next})}/>`}`;
}

export default {name: 'triage', title: 'Triage', role: 'viewer', key: 'i', Page};
