/* questions.js: what a figure counts: the questions of the last thirty days that the filters of the address select. */
import {html, useEffect, useState} from '../part/preact.js';
import {get} from '../part/api.js';
import {useParams, link} from '../part/route.js';
import {Button, Choice, Empty, Head, More, Problem, Table, Tag, some, when} from '../part/ui.js';
import {Counting, END, ENDS, TONES, TZ, WEEKDAYS, day, useSurvey} from '../part/survey.js';

/* In words; those that have no field of their own are shown with a cross. */
const SAID = {day: (v) => day(v), weekday: (v) => WEEKDAYS[v], hour: (v) => `from ${v}:00 to ${+v + 1}:00`, bin: (v) => `confidence ${v * 10} to ${v * 10 + 10} %`,
  vote: (v) => ({up: 'voted helpful', down: 'voted not helpful', any: 'voted on'})[v], wanted: () => 'wanted a person', came: () => 'a person came',
  document: (v) => `quoted ${v}`, passage: (v) => `quoted ${v}`, channel: (v) => v, cluster: () => 'of one cluster', days: (v) => `last ${v} days`};
const END_CHOICES = [['', 'Any'], ['answered', 'Answered'], ['nobody', 'Not answered'], ...ENDS.map(([name, text]) => [name, text])];

function Row(q) {
  return [q.question === null ? html`<span class="soft">(erased)</span>` : q.ticket ? html`<a href=${link('triage', {id: q.id})} dir="auto">${q.question}</a>` : html`<span dir="auto">${q.question}</span>`,
    html`<${Tag} tone=${TONES[q.end]}>${END[q.end]}<//>`, `${Math.round(100 * q.confidence)} %`, html`${q.up > 0 && html`<${Tag} tone="good">helpful<//>`}${q.down > 0 && html`<${Tag} tone="bad">not helpful<//>`}`, q.channel, when(q.at),
    q.cluster ? html`<a href=${link('clusters', {id: q.cluster})}>Alike<span class="sr">: ${q.question}</span></a>` : ''];
}

function Page() {
  const [params, set] = useParams(), filters = Object.fromEntries(Object.entries(params).filter(([k, v]) => v && (SAID[k] || k === 'end')));
  const {data, error, reload, counting} = useSurvey('questions', {...filters, tz: TZ});
  const [more, set_more] = useState([]), [trouble, set_trouble] = useState(null), [busy, set_busy] = useState(false);
  useEffect(() => set_more([]), [data]);
  const pages = data ? [data, ...more] : [], all = pages.flatMap((p) => p.questions), next = pages.at(-1)?.next;
  const load = () => {
    set_busy(true);
    get('questions', {...filters, tz: TZ, before: next}).then((p) => set_more([...more, p]), set_trouble).finally(() => set_busy(false));
  };
  return html`<div><${Head} title="All questions" note=${data && html`${some(data.total, 'question')} of the last thirty days, as of ${when(data.at)}.`}/>
    <div class="tools"><${Choice} label="How it ended" value=${filters.end || ''} options=${END_CHOICES} onChange=${(v) => set({end: v})}/>
      ${Object.entries(filters).filter(([k]) => k !== 'end').map(([k, v]) => html`<${Button} small onClick=${() => set({[k]: ''})}>${SAID[k](v)} <span aria-hidden="true">✕</span><span class="sr"> (take out)</span><//>`)}</div>
    <${Problem} error=${error || trouble} onRetry=${reload}/><${Counting} counting=${counting}/>
    ${data && html`<${Table} label="Questions" head=${['Question', 'How it ended', {text: 'Confidence', num: true}, 'Votes', 'Channel', 'When', '']} rows=${all.map((q) => ({key: q.id, cells: Row(q)}))}
      empty=${html`<${Empty} title="No question fits all of this.">Take a filter out.<//>`}/><${More} next=${next} busy=${busy} onMore=${load}/>`}</div>`;
}

export default Page;
