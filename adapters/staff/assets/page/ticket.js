/* ticket.js: one question: what was asked, what the bot showed and why, the conversation around it, and what was done. */
import {html} from '../part/preact.js';
import {link, params} from '../part/route.js';
import {Button, Problem, Tag, count, some, useData, when} from '../part/ui.js';
import {shown} from '../part/keys.js';

export const REASONS = {none: {text: 'unanswered'}, low: {text: 'unsure'}, down: {text: 'voted down', tone: 'warn'},
  person: {text: 'wants a person', tone: 'bad'}};
const BANDS = {high: 'good', medium: 'warn', none: 'bad'};
const KINDS = {answer: 'answered', choices: 'asked back', none: 'did not know', chitchat: 'small talk', handoff: 'handed off'};
const ACTS = {claim: 'claimed it', take: 'took it over', assign: 'gave it to', release: 'released it', close: 'closed it', ignore: 'ignored it', duplicate: 'closed it as a duplicate',
  reopen: 'opened it again', note: 'noted', undo: 'undid that', later: 'wrote an answer, not published yet:', person: 'a person was asked for'};

const percent = (p) => `${Math.round(100 * p)} %`;

/* ---- what the bot showed ---- */

function Reply({reply: r}) {
  const corrected = Object.entries(r.corrected || {});
  return html`<p><${Tag} tone=${BANDS[r.band]}>${KINDS[r.kind] || r.kind}<//> <span class="soft">confidence ${percent(r.confidence || 0)}, band ${r.band}</span></p>
    ${corrected.length > 0 && html`<p class="soft">Read as: ${corrected.map(([a, b]) => `“${a}” as “${b}”`).join(', ')}</p>`}
    ${r.answers?.length ? r.answers.map((a) => html`<blockquote dir="auto">${a.text}
        <footer class="soft">${[a.title, ...(a.heading || [])].filter((x, i, all) => x && all.indexOf(x) === i).join(' › ')} · score ${a.score?.toFixed(2)}</footer></blockquote>`) :
      html`<blockquote dir="auto">${r.text}</blockquote>`}
    ${r.choices?.length > 0 && html`<p>Did you mean: ${r.choices.map((c) => html`<${Tag}>${c}<//> `)}</p>`}`;
}

/* ---- why ---- */

const WAYS = {typed: '', corrected: 'read as', compound: 'part of', relative: 'near', synonym: 'synonym', hint: 'implied'};

function Word({word: w}) {
  const ways = w.ways.filter((x) => x.way !== 'typed' && x.said !== w.word).map((x) => `${WAYS[x.way]} ${x.said}`);
  return html`<li><${Tag} tone=${w.known ? '' : 'bad'}>${w.word}<//>
    <span class="soft">${w.known ? `in ${some(Math.max(...w.ways.map((x) => x.passages)), 'passage')}` : 'nowhere in the guides'}${ways.length ? ', ' + ways.join(', ') : ''}${w.before ? ', from an earlier question' : ''}</span></li>`;
}

function Explained({why, kind}) {
  const hits = why.hits.slice(0, 5), c = why.confidence;
  return html`${hits.length ? html`<div class="wide" tabindex="0" role="region" aria-label="Candidates"><table><thead><tr><th scope="col">Candidate</th><th scope="col" class="num">Confidence</th><th scope="col" class="num">Score</th></tr></thead>
      <tbody>${hits.map((h) => html`<tr key=${h.passage}><th scope="row"><span dir="auto">${h.heading || h.title}</span> <small class="soft">${h.passage}</small></th>
        <td class="num"><meter min="0" max="1" value=${h.confidence} aria-hidden="true"></meter> ${percent(h.confidence)}</td><td class="num">${h.score.toFixed(2)}</td></tr>`)}</tbody></table></div>` :
    html`<p>No passage has any of its words.</p>`}
    <p class="soft">${kind === 'answer' ? 'The best one is sure enough.' : `An answer needs ${percent(c.high)}, “did you mean” ${percent(c.medium)}.`}
      ${' '}${count(why.candidates)} of ${count(why.passages)} passages were looked at closely.</p>
    ${why.words.length > 0 && html`<ul class="words">${why.words.map((w) => html`<${Word} word=${w}/>`)}</ul>`}`;
}

function Why({id, reply}) {
  const {data, error, reload} = useData('why', {id});
  const same = data && data.kind === reply.kind && data.text === reply.text;
  return html`<${Problem} error=${error} onRetry=${reload}/>
    ${data && html`${!same && html`<div class="today"><p><strong>Asked today, the bot says something else:</strong></p><${Reply} reply=${data}/></div>`}
      ${data.explain?.length ? data.explain.map((w) => html`<${Explained} why=${w} kind=${data.kind}/>`) : html`<p>Small talk: nothing was looked up.</p>`}
      <p class="soft">Computed just now, from today's guides.</p>`}`;
}

/* ---- the conversation ---- */

const HANDOFF = {queued: 'asked for a person', active: 'a person has taken over', ended: 'the person has left', declined: 'nobody was there'};

function Event({event: e, now}) {
  if (e.t === 'msg')
    return html`<li class=${e.from === 'user' ? 'theirs' : ''}><p class="soft">${e.from === 'user' ? 'Visitor' : e.name || e.from} · ${when(e.when)}</p><p dir="auto">${e.text}</p></li>`;
  if (e.t === 'answer' || e.t === 'turn')
    return html`<li class=${e.id === String(now) ? 'now' : ''}><p class="soft">Bot · ${when(e.when)}${e.id === String(now) ? ' · this one' : ''}</p>
      <p dir="auto">${e.reply ? e.reply.text : e.segments.map((s) => s.text).join(' ')}</p></li>`;
  if (e.t === 'fb')
    return html`<li class="event soft">${e.v > 0 ? 'voted it up' : e.v < 0 ? 'voted it down' : 'took the vote back'} · ${when(e.when)}</li>`;
  if (e.t === 'handoff')
    return html`<li class="event soft">${HANDOFF[e.state] || e.state} · ${when(e.when)}</li>`;
  return null;
}

/* ---- others like it ---- */

function Similar({id, act}) {
  const {data} = useData('similar', {id}), texts = data?.texts?.filter((t) => t.id !== id) || [];
  return data?.asks > 1 && html`<section class="card"><h2>Similar questions</h2>
    <p class="soft">Asked ${some(data.asks, 'time')} in thirty days, ${some(data.open, 'question')} still open. <a href=${link('clusters', {id})}>All of them</a></p>
    ${texts.length > 0 && html`<ul class="words">${texts.map((t) => html`<li>${data.tickets.includes(t.id) ? html`<a href=${link('triage', {...params(), id: t.id})} dir="auto">${t.text ?? '(erased)'}</a>` : html`<span dir="auto">${t.text ?? '(erased)'}</span>`} <span class="soft">${t.times > 1 && `× ${count(t.times)} · `}${ENDS[t.end]}</span></li>`)}</ul>`}
    ${act && data.open > 1 && html`<p class="actions"><${Button} small onClick=${() => act('close', '', 1)}>Close all that are open<//><${Button} small onClick=${() => act('ignore', '', 1)}>Ignore all<//></p>`}</section>`;
}
const ENDS = {entry: 'answered', extract: 'answered', choices: 'asked back', none: 'not answered', person: 'went to a person', talk: 'small talk'};

/* ---- all of it ---- */

function Action({name, text, onClick, ...rest}) {
  return html`<${Button} onClick=${onClick} ...${rest}>${text} <kbd aria-hidden="true">${shown(name)}</kbd><//>`;
}

export function Ticket({ticket: t, act, open, over, others}) {
  return html`<article class="ticket" aria-labelledby="asked">
    <h2 id="asked" tabindex="-1" dir="auto">${t.question}</h2>
    <p class="line">${t.why.map((w) => html`<${Tag} tone=${REASONS[w].tone}>${REASONS[w].text}<//>`)}
      <span class="soft">#${t.id} · ${t.channel} · asked ${when(t.at)}${over ? ` · ${t.state} by ${t.owner}` : t.owner ? ` · with ${t.owner}` : ' · nobody has claimed it'}</span></p>
    <div class="actions" role="group" aria-label="What to do">
      ${!over && !others && html`<span class="fixes" role="group" aria-label="Fix it"><${Action} go name="a" text="Answer" onClick=${() => open('answer')}/><${Action} name="l" text="Link" onClick=${() => open('link')}/>
        <${Action} name="s" text="Synonym" onClick=${() => open('synonym')}/><${Action} name="x" text="Not us" onClick=${() => open('redirect')}/></span>`}
      ${over ? html`<${Action} go name="r" text="Open again" onClick=${() => act('reopen')}/>` : others ? html`<${Button} onClick=${() => act('take')}>Take it from ${t.owner}<//>` :
        html`${!t.owner && html`<${Action} name="c" text="Claim" onClick=${() => act('claim')}/>`}
          ${t.owner && html`<${Button} onClick=${() => act('release')}>Release<//>`}
          ${t.why.includes('person') && html`<${Action} name="t" text="Take over" href=${link('live', {ticket: t.id})}/>`}
          <${Action} name="e" text="Close" onClick=${() => act('close')}/><${Action} name="i" text="Ignore" onClick=${() => act('ignore')}/>`}
      ${!over && html`<${Action} name="o" text="Give to" onClick=${() => open('assign')}/>`}
      <${Action} name="n" text="Note" onClick=${() => open('note')}/></div>
    <section class="card"><h2>What the bot showed</h2><${Reply} reply=${t.reply}/></section>
    <section class="card"><h2>Why</h2><${Why} id=${t.id} reply=${t.reply}/></section>
    <section class="card"><h2>Conversation</h2><ol class="talk">${t.events.map((e, i) => html`<${Event} key=${i} event=${e} now=${t.id}/>`)}</ol></section>
    <${Similar} id=${t.id} act=${!over && !others && act}/>
    ${t.log.length > 0 && html`<section class="card"><h2>What was done</h2><ul class="log">${t.log.map((n, i) => html`<li key=${i}><strong>${n.who}</strong> ${ACTS[n.what] || n.what}
      ${n.what === 'duplicate' && n.text ? html` of <a href=${link('triage', {...params(), id: n.text.slice(1)})}>${n.text}</a>` : n.text && html`${n.what === 'note' ? ': ' : ' '}<span dir="auto">${n.text}</span>`} ${when(n.ms)}</li>`)}</ul></section>`}
  </article>`;
}
