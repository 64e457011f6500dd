/* insights.js: eight figures, each the answer to one question, each with the questions behind it one press away. */
import {html} from '../part/preact.js';
import {file} from '../part/api.js';
import {useParams, link} from '../part/route.js';
import {Choice, Empty, Head, Problem, count, some, when} from '../part/ui.js';
import {Bars, Chart, Heat, Legend, Line, Spark, Stack} from '../part/chart.js';
import {Counting, ENDS, TZ, WEEKDAYS, day, percent, share, useSurvey} from '../part/survey.js';

const TOP = 10;

/* The questions that a figure counts. */
const behind = (within) => (more) => link('questions', {...within, ...more});

/* ---- over the days ---- */

function Days({d, to, csv}) {
  const series = ENDS.map(([name, text, look]) => ({name: text, look, href: to({end: name})}));
  const items = d.days.map((x) => ({label: day(x.day), href: to({day: x.day}), values: ENDS.map(([name]) => x[name]),
    title: `${day(x.day)}: ${some(x.asked, 'question')}, ${x.none} without an answer`}));
  return html`<${Chart} title="How much is answered?" csv=${csv('days')} twin=${{head: ['Day', 'Asked', ...series.map((s) => s.name)],
    rows: d.days.map((x) => [[day(x.day), to({day: x.day})], x.asked, ...ENDS.map(([name]) => [x[name], to({day: x.day, end: name})])])}}>
    <${Legend} series=${series}/><${Stack} items=${items} series=${series}/><//>`;
}

/* Of the seven days that end with the i-th, as far as there are. */
function mean(days, i, part, whole) {
  const week = days.slice(Math.max(0, i - 6), i + 1), sum = (fn) => week.reduce((a, x) => a + fn(x), 0);
  return share(sum(part), sum(whole));
}

function Better({d, to, csv}) {
  const answered = (x) => x.entry + x.extract, asked = (x) => x.asked, up = (x) => x.up, rated = (x) => x.up + x.down;
  const series = [{name: 'Answered, mean of 7 days', look: 's0'}, {name: 'Helpful, mean of 7 days', look: 's2'}, {name: 'Answered that day', look: 's1 thin'}];
  const items = d.days.map((x, i) => ({label: day(x.day), href: to({day: x.day}),
    values: [mean(d.days, i, answered, asked), mean(d.days, i, up, rated), share(answered(x), x.asked)],
    title: `${day(x.day)}: ${percent(answered(x), x.asked)} answered, ${percent(x.up, rated(x))} of the votes helpful`}));
  const marks = d.published.map((ms) => new Date(ms + TZ * 60000).toISOString().slice(0, 10)).map((text) => d.days.findIndex((x) => x.day === text)).filter((i) => i >= 0);
  return html`<${Chart} title="Do our changes help?" note=${marks.length ? 'Dashed: something was published.' : null} csv=${csv('days')} twin=${{head: ['Day', 'Answered', 'Helpful', 'Not helpful', 'Answered %', 'Helpful %'],
    rows: d.days.map((x) => [[day(x.day), to({day: x.day})], [answered(x), to({day: x.day, end: 'answered'})], [x.up, to({day: x.day, vote: 'up'})], [x.down, to({day: x.day, vote: 'down'})],
      share(answered(x), x.asked), share(x.up, rated(x))])}}>
    <${Legend} series=${series}/><${Line} items=${items} series=${series} unit="%" max=${100} marks=${[...new Set(marks)]}/><//>`;
}

const MS = (us) => +(us / 1000).toFixed(2), MIN = (s) => Math.round(s / 60);
function Speed({d, to, csv}) {
  const series = [{name: 'Half of the answers within', look: 's0'}, {name: '95 of 100 within', look: 's3'}];
  const items = d.days.map((x) => ({label: day(x.day), href: to({day: x.day}), values: x.asked ? [MS(x.p50_us), MS(x.p95_us)] : [null, null],
    title: `${day(x.day)}: half within ${MS(x.p50_us)} ms, 95 of 100 within ${MS(x.p95_us)} ms`}));
  return html`<${Chart} title="Is it fast?" note="Milliseconds from question to answer." csv=${csv('speed')} twin=${{head: ['Day', 'Half within (ms)', '95 of 100 within (ms)'],
    rows: d.days.map((x) => [[day(x.day), to({day: x.day})], MS(x.p50_us), MS(x.p95_us)])}}>
    <${Legend} series=${series}/><${Line} items=${items} series=${series} unit=""/><//>`;
}

function Waits({d, to, csv}) {
  const series = [{name: 'Half of the people who asked for somebody', look: 's4'}];
  const items = d.days.map((x) => ({label: day(x.day), href: to({day: x.day, wanted: 1}), values: [x.waits ? MIN(x.wait50_s) : 0],
    title: `${day(x.day)}: ${x.waits ? `half waited ${MIN(x.wait50_s)} min or less, 95 of 100 ${MIN(x.wait95_s)} min` : 'nobody came, or nobody asked'}`}));
  return html`<${Chart} title="How long do people wait for a person?" note="Minutes until somebody of the staff took the question." csv=${csv('speed')} twin=${{head: ['Day', 'Taken', 'Half within (min)', '95 of 100 within (min)'],
    rows: d.days.map((x) => [[day(x.day), to({day: x.day, wanted: 1})], [x.waits, to({day: x.day, came: 1})], x.waits ? MIN(x.wait50_s) : null, x.waits ? MIN(x.wait95_s) : null])}}>
    <${Stack} items=${items} series=${series}/><//>`;
}

/* ---- what to write ---- */

export function Gaps({groups}) {
  const rows = groups.filter((g) => g.nobody).slice(0, TOP);
  return html`<${Chart} title="What to write next?" note="Questions that got no answer, put together with those that ask the same." csv=${file('insight-csv', {chart: 'clusters'})} twin=${{head: ['Question', 'No answer', 'Asked'],
    rows: rows.map((g) => [[g.label, link('clusters', {id: g.id})], [g.nobody, link('questions', {cluster: g.id, end: 'nobody'})], [g.asks, link('questions', {cluster: g.id})]])}}>
    <${Bars} empty="Every question was answered." rows=${rows.map((g) => ({name: g.label ?? '(erased)', href: link('clusters', {id: g.id}), text: count(g.nobody), parts: [{value: g.nobody, look: 's3'}],
      more: html`<${Spark} values=${g.day} label=${`${some(g.day.slice(-7).reduce((a, b) => a + b, 0), 'time')} in the last seven days`}/>`}))}/><//>`;
}

function Calibration({d, to, csv}) {
  const items = d.bins.map((b, i) => ({label: `${i * 10}`, href: to({bin: i, vote: 'any'}), values: [share(b.up, b.up + b.down)],
    title: `Confidence ${i * 10} to ${i * 10 + 10} %: ${b.up} of ${some(b.up + b.down, 'vote')} helpful, ${some(b.asked, 'question')}`}));
  return html`<${Chart} title="Can we trust the confidence?" note="Helpful votes by confidence, in percent. The rings are where a confidence that keeps its word would be." csv=${csv('calibration')}
    twin=${{head: ['Confidence', 'Questions', 'Helpful', 'Not helpful', 'Helpful %'],
      rows: d.bins.map((b, i) => [`${i * 10}–${i * 10 + 10} %`, [b.asked, to({bin: i})], [b.up, to({bin: i, vote: 'up'})], [b.down, to({bin: i, vote: 'down'})], share(b.up, b.up + b.down)])}}>
    <${Stack} items=${items} series=${[{name: 'Helpful votes', look: 's1'}]} unit="%" max=${100} dots=${d.bins.map((_, i) => i * 10 + 5)}/><//>`;
}

function Pages({d, to, csv}) {
  return html`<${Chart} title="Which page needs work?" note="Pages that answers quote most, and the share of votes against them." csv=${csv('pages')} twin=${{head: ['Page', 'Quoted', 'Helpful', 'Not helpful', 'Not helpful %'],
    rows: d.pages.map((p) => [p.title, [p.quoted, to({document: p.document})], [p.up, to({document: p.document, vote: 'up'})], [p.down, to({document: p.document, vote: 'down'})], share(p.down, p.up + p.down)])}}>
    <${Bars} empty="Nothing was quoted." rows=${d.pages.map((p) => ({name: p.title, href: to({document: p.document}), text: `${count(p.quoted)} · ${percent(p.down, p.up + p.down)} against`, parts: [{value: p.quoted, look: 's1'}]}))}/><//>`;
}

/* ---- when, and how far ---- */

function Hours({d, to, csv}) {
  const rows = d.heat.map((r, w) => ({name: WEEKDAYS[w], href: to({weekday: w}), title: `${WEEKDAYS[w]}: ${some(r.reduce((a, b) => a + b, 0), 'question')}`,
    cells: r.map((n, h) => ({value: n, href: to({weekday: w, hour: h}), title: `${WEEKDAYS[w]} ${h}:00: ${some(n, 'question')}, ${d.person[w][h]} for a person`}))}));
  return html`<${Chart} title="When to be there?" note="Questions by weekday and hour, in your time." csv=${csv('hours')} twin=${{head: ['Hour', ...WEEKDAYS],
    rows: d.heat[0].map((_, h) => [[`${h}:00`, to({hour: h})], ...WEEKDAYS.map((_, w) => [d.heat[w][h], to({weekday: w, hour: h})])])}}>
    <${Heat} rows=${rows} columns=${d.heat[0].map((_, h) => h)}/><//>`;
}

function Funnel({d, to, csv}) {
  const steps = [['Asked', d.asked, {}], ['Answered', d.answered, {end: 'answered'}], ['Voted on', d.rated, {vote: 'any'}], ['Helpful', d.helpful, {vote: 'up'}],
    ['Wanted a person', d.wanted, {wanted: 1}], ['A person came', d.came, {came: 1}]];
  return html`<${Chart} title="Where do people get to?" note="Which sources they opened is not recorded: links lead straight to them." csv=${csv('funnel')} twin=${{head: ['Step', 'Questions', 'Of all'], rows: steps.map(([name, n, filter]) => [name, [n, to(filter)], percent(n, d.asked)])}}>
    <${Bars} rows=${steps.map(([name, n, filter]) => ({name, href: to(filter), text: `${count(n)} · ${percent(n, d.asked)}`, parts: [{value: n, look: 's0'}]}))}/><//>`;
}

/* ---- the page ---- */

function Page() {
  const [params, set] = useParams(), within = {days: params.days || '30', channel: params.channel || ''};
  const {data: d, error, reload, counting} = useSurvey('insight', {...within, tz: TZ}), clusters = useSurvey('clusters', {});
  const to = behind(within), csv = (chart) => file('insight-csv', {chart, ...within, tz: TZ});
  const sums = d && [['Questions', count(d.asked), {}], ['Answered', percent(d.answered, d.asked), {end: 'answered'}], ['Votes that say helpful', percent(d.helpful, d.rated), {vote: 'any'}], ['Wanted a person', count(d.wanted), {wanted: 1}]];
  return html`<div><${Head} title="Insights" note=${d && html`As of ${when(d.at)}. Small talk is not counted.`}/>
    <div class="tools"><${Choice} label="Days" value=${within.days} onChange=${(v) => set({days: v === '30' ? '' : v})} options=${[['7', 'Last 7'], ['14', 'Last 14'], ['30', 'Last 30']]}/>
      <${Choice} label="Channel" value=${within.channel} onChange=${(v) => set({channel: v})} options=${[['', 'All'], ...(d?.channels || []).toSorted().map((c) => [c, c])]}/></div>
    <${Problem} error=${error} onRetry=${reload}/><${Counting} counting=${counting}/>
    ${d && !d.asked && html`<${Empty} title="Nothing was asked in these days.">Figures begin with the first question.<//>`}
    ${d?.asked > 0 && html`<ul class="sums">${sums.map(([name, value, filter]) => html`<li><strong>${value}</strong><a href=${to(filter)}>${name}</a></li>`)}</ul>
      <div class="charts"><${Days} ...${{d, to, csv}}/><${Better} ...${{d, to, csv}}/>${clusters.data && html`<${Gaps} groups=${clusters.data.groups}/>`}<${Calibration} ...${{d, to, csv}}/>
        <${Hours} ...${{d, to, csv}}/><${Pages} ...${{d, to, csv}}/><${Speed} ...${{d, to, csv}}/><${Waits} ...${{d, to, csv}}/><${Funnel} ...${{d, to, csv}}/></div>`}</div>`;
}

export default Page;
