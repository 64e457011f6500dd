/* erase.js: what is kept of somebody: found, looked over, taken out, erased. */
import {html, useState} from '../part/preact.js';
import {post} from '../part/api.js';
import {useParams} from '../part/route.js';
import {Head, Button, Dialog, Empty, Field, Problem, Table, count, toast, useData, when} from '../part/ui.js';
import {Save} from '../part/save.js';

const name_of = (t) => t.turn ? {turn: t.turn} : {conversation: `${t.adapter}:${t.conversation}`};
const title_of = (t) => t.turn ? `question ${t.turn}` : `${t.adapter}:${t.conversation}`;

function Erase({trace, onDone, onClose}) {
  const {data, error} = useData('trace', name_of(trace)), [failed, set_failed] = useState(null), [busy, set_busy] = useState(false), [word, set_word] = useState('');
  const submit = (e) => {
    e.preventDefault();
    if (busy)
      return;
    set_busy(true);
    post('erase', {...name_of(trace), confirm: word.trim().toLowerCase()}).then(onDone, set_failed).finally(() => set_busy(false));
  };
  const rows = data && [['Questions and replies', data.questions], ['Lines of the conversation', data.events], ['Votes', data.votes], ['Wishes for a person, with names and addresses', data.wishes],
    ['Tickets', data.tickets], ['Notes of staff on them', data.notes]];
  return html`<${Dialog} title=${trace.turn ? 'Erase this question?' : 'Erase this conversation?'} onClose=${onClose}><${Problem} error=${error || failed}/>
    <p class="secret"><code>${title_of(trace)}</code></p>
    ${data && html`<p>This is what there is, from ${when(data.first)} to ${when(data.last)}:</p>
      <dl class="pairs">${rows.map(([k, n]) => html`<dt>${k}</dt><dd>${count(n)}</dd>`)}</dl>
      <p>All of it is overwritten in the database and forgotten in memory. It cannot be taken back. What stays: that there was a conversation of that
        name, so that it is not used again, and a row of the audit that does not say whose it was. What went out to Slack, Matrix or by e-mail is there, not here; and
        backups are yours to look after.</p>
      <form onSubmit=${submit}><${Field} label="Type the word erase" value=${word} onInput=${(e) => set_word(e.target.value)} autocomplete="off" autocapitalize="none" required/>
        <p class="actions"><${Button} onClick=${onClose}>Cancel<//><${Button} danger type="submit" busy=${busy}>Erase<//></p></form>`}<//>`;
}

function Found({text}) {
  const {data, error, reload} = useData('find', {text}), [trace, set_trace] = useState(null), [failed, set_failed] = useState(null);
  const done = () => {
    toast('Erased.');
    set_trace(null);
    reload();
  };
  return html`<${Problem} error=${error || failed}/>
    ${data && html`<${Table} label="Conversations" head=${['Conversation', {text: 'Questions', num: true}, 'First', 'Last', '']}
      empty=${html`<${Empty} title="Nothing is kept in which this stands.">Addresses and numbers are masked before anything is written down, so they are found only where somebody left them for a person.<//>`}
      rows=${data.found.map((t) => ({key: title_of(t), cells: [html`<code>${title_of(t)}</code>`, count(t.questions), when(t.first), when(t.last),
        html`<span class="row">${!t.turn && html`<${Save} small name="export" params=${name_of(t)} as="conversation.jsonl" onError=${set_failed}>Export<span class="sr"> ${title_of(t)}</span><//>`}
          <${Button} small danger onClick=${() => set_trace(t)}>Erase …<span class="sr"> ${title_of(t)}</span><//></span>`]}))}/>
      ${data.more && html`<p class="soft">There are more; say more of it.</p>`}`}
    ${trace && html`<${Erase} trace=${trace} onDone=${done} onClose=${() => set_trace(null)}/>`}`;
}

function Page() {
  const [params, set] = useParams(), {data, error} = useData('kept'), [failed, set_failed] = useState(null);
  const submit = (e) => {
    e.preventDefault();
    set({text: new FormData(e.target).get('text')});
  };
  return html`<${Head} title="Export and erase"/>
    <${Problem} error=${error || failed}/>
    ${data && html`<section class="card"><h2>What is kept</h2>
      <p>${data.questions ? html`${count(data.questions)} question${data.questions === 1 ? '' : 's'} with their replies, the oldest from ${when(data.first)}.` : 'No question yet.'} ${data.days
      ? `After ${data.days} days questions, replies and conversations are deleted by themselves (journal.retention_days).`
      : 'Nothing is deleted by itself (journal.retention_days is 0).'} E-mail addresses, long numbers and ids are masked before anything is written down.
        The audit stays; it has no text of visitors.</p>
      <p class="row"><${Save} name="export" params=${{format: 'csv'}} as="questions.csv" onError=${set_failed}>All as a table (CSV)<//>
        <${Save} name="export" as="questions.jsonl" onError=${set_failed}>All with replies (JSON lines)<//></p></section>`}
    <section class="card"><h2>What is kept of somebody</h2>
      <form class="fields" onSubmit=${submit}><${Field} key=${params.text} label="Conversation, handle, address they left, or words they wrote" name="text" type="search" minlength="3" required
        defaultValue=${params.text || ''}/><p class="actions"><${Button} go type="submit">Find<//></p></form>
      ${params.text && html`<${Found} text=${params.text}/>`}</section>`;
}

export default Page;
