/* answers.js: the entries as they stand in the FAQ files, those that are not published too: which are used, what people thought of them, which expire. */
import {html, useState} from '../part/preact.js';
import {can} from '../part/api.js';
import {useParams, link} from '../part/route.js';
import {Button, Empty, Head, Problem, Table, Tag, count, some, useData} from '../part/ui.js';
import {useKeys} from '../part/keys.js';
import {Fix} from '../part/fix.js';

const SOON_MS = 14 * 86_400_000, OLD_MS = 183 * 86_400_000;
const age = (day) => Date.now() - Date.parse(day);

function Until({day}) {
  const left = -age(day) + 86_400_000;
  return day ? html`<${Tag} tone=${left < 0 ? 'bad' : left < SOON_MS ? 'warn' : ''}>${left < 0 ? 'expired ' : 'until '}${day}<//>` : '';
}

function One({id, file, onClose, onDone}) {
  const {data: e, error} = useData('answer', {id, file});
  return error ? html`<${Problem} error=${error}/>` : e && html`<${Fix} kind="edit" entry=${e} onClose=${onClose} onDone=${onDone}/>`;
}

function Page() {
  const [params, set] = useParams(), q = params.q || '', from = +params.from || 0;
  const list = useData('answers', {q, from: from || ''}), [open, set_open] = useState(null);
  const close = () => {
    set_open(null);
    if (params.id)
      set({id: '', file: ''}, {replace: true});
  };
  useKeys({'/': () => document.getElementById('find').focus(), ...can('agent') && {a: () => set_open('answer')}}, {'/': 'search', ...can('agent') && {a: 'write an answer'}});
  const rows = (list.data?.answers || []).map((a) => ({key: a.file + a.id, cells: [
    html`${can('agent') ? html`<a href=${link('answers', {...params, id: a.id, file: a.file})} dir="auto">${a.question}</a>` : html`<span dir="auto">${a.question}</span>`}
      <br/><span class="soft">${a.id} · ${a.file.split('/').pop()}${a.naliases ? ` · ${some(a.naliases, 'alias').replace('aliass', 'aliases')}` : ''}${a.ntests ? ` · ${some(a.ntests, 'test')}` : ' · no test'}</span>`,
    html`${a.status === 'draft' && html`<${Tag} tone="warn">not published<//>`} <${Until} day=${a.valid_until}/>`,
    count(a.uses), `${count(a.up)} / ${count(a.down)}`,
    a.reviewed ? age(a.reviewed) > OLD_MS ? html`<${Tag} tone="warn">${a.reviewed}<//>` : a.reviewed : '',
    can('agent') && a.status !== 'draft' ? html`<${Button} small quiet aria-label=${`Retire: ${a.question}`} onClick=${() => set_open({retire: a})}>Retire<//>` : ''],
  }));
  return html`<${Head} title="Answers" note="Curated questions with their answers. Uses and votes are of the last thirty days.">
      ${can('agent') && html`<${Button} go onClick=${() => set_open('answer')}>Write an answer<//>`}<//>
    <form class="search" role="search" onSubmit=${(e) => {
      e.preventDefault();
      set({q: e.target.q.value.trim(), from: ''});
    }}><label class="sr" for="find">Search question, answer, aliases</label><input id="find" name="q" type="search" placeholder="Search" defaultValue=${q} key=${q}/><${Button} type="submit">Search<//></form>
    <${Problem} error=${list.error} onRetry=${list.reload}/>
    ${list.data && html`<p class="soft">${some(list.data.n, 'entry').replace('entrys', 'entries')}</p>
      <${Table} label="Answers" head=${['Question', '', {text: 'Uses', num: true}, {text: 'Up / down', num: true}, 'Reviewed', '']} rows=${rows}
        empty=${html`<${Empty} title=${q ? `No entry has “${q}”.` : 'There are no entries yet.'}>Write an answer, or put a *.faq.yaml into the content.<//>`}/>
      <p class="actions">${from > 0 && html`<${Button} href=${link('answers', {...params, from: Math.max(0, from - 50) || ''})}>Previous<//>`}
        ${list.data.next > 0 && html`<${Button} href=${link('answers', {...params, from: list.data.next})}>Next<//>`}</p>`}
    ${params.id && can('agent') && html`<${One} id=${params.id} file=${params.file} onClose=${close} onDone=${list.reload}/>`}
    ${open === 'answer' && html`<${Fix} kind="answer" onClose=${close} onDone=${list.reload}/>`}
    ${open?.retire && html`<${Fix} kind="retire" entry=${open.retire} onClose=${close} onDone=${list.reload}/>`}`;
}

export default Page;
