/* view.js: one event of the log as one item of the list. The same mark-up and classes as the server's page
 * (web_page.c), so there is one style sheet for both. */
import {$, el, spoken, paragraph, button, blocks} from './dom.js';
import {t, day} from './words.js';

const WHY = ['wrong', 'off', 'unclear'];

/* ---- announcements ---- */

/* Screen readers hear each message once, from here; the list itself is no live region, or they would read it all again. */
export function announce(text) {
  const said = el('p', {}, text);
  $('say').append(said);
  setTimeout(() => said.remove(), 1500);
}

/* ---- pieces of an answer ---- */

function sourceLine(source) {
  const name = source.section || source.title;
  const safe = /^https?:\/\//i.test(source.url);
  const line = el('footer', {}, safe
    ? el('a', {href: source.url, target: '_blank', rel: 'noopener'}, name, spoken(` (${t('new_tab')})`))
    : el('cite', {}, name));
  if (source.updated)
    line.append(el('time', {dateTime: source.updated}, t('reviewed', {date: day(source.updated)})));
  if (source.quote?.length) {
    const passage = source.quote.map(({text, m}) => m ? el('mark', {}, text) : text);
    line.append(el('details', {}, el('summary', {}, t('quote')), el('p', {dir: 'auto'}, ...passage)));
  }
  return line;
}

function segment(part, sources) {
  const cited = part.cites.map((i) => sources[i]).filter(Boolean);
  return el(cited.length ? 'blockquote' : 'div', {dir: 'auto'}, ...blocks(part.text), ...cited.map(sourceLine));
}

/* Questions to press. Without a script the same form posts (web_page.c); here chat.js listens. */
function chips(head, questions) {
  if (!questions.length)
    return [];
  const buttons = questions.map(({text, ask}) => el('button', {className: 'chip', name: 'q', value: ask, dir: 'auto'}, text));
  return [el('form', {className: 'chips', method: 'post', action: '/'}, el('p', {}, head), ...buttons)];
}

/* "Was this helpful?" and after a no: why not. `act` sends a frame; pressed is what the server has (change()). */
function thumbs(seq, act) {
  const head = el('p', {}, t('helpful')), why = el('div', {className: 'why', hidden: true}, el('p', {}, t('why')));
  const thumb = (text, v, reason) => {
    const b = button(text, 'thumb', () => {
      const again = !reason && b.getAttribute('aria-pressed') === 'true'; /* taken back */
      act({t: 'feedback', re: seq, v: again ? 0 : v, ...(reason && {why: reason})});
      why.hidden = !!reason || again || v > 0;
      if (why.hidden)
        head.textContent = t(again ? 'helpful' : 'thanks');
      else
        why.scrollIntoView({block: 'nearest'});
    });
    if (!reason)
      b.dataset.v = v;
    return b;
  };
  why.append(...WHY.map((reason) => thumb(t('why_' + reason), -1, reason)));
  return el('div', {className: 'thumbs', role: 'group', ariaLabel: t('helpful')}, head, thumb(t('yes'), 1), thumb(t('no'), -1), why);
}

/* An entry has a page of its own, to send to somebody else. */
function linkTo(source) {
  const name = source.id.split('#')[1];
  return el('a', {className: 'link', href: '/a/' + encodeURIComponent(name), target: '_blank', rel: 'noopener'}, t('link'), spoken(` (${t('new_tab')})`));
}

/* ---- items ---- */

export function note(text, ...more) {
  return el('li', {className: 'note'}, paragraph(text), ...more);
}

export function mine(text) {
  const small = el('small');
  const item = el('li', {className: 'me'}, spoken(t('you') + ': '), paragraph(text), small);
  item.remark = (what) => small.textContent = what;
  return item;
}

function staff(f) {
  return el('li', {className: 'bot staff'}, el('p', {className: 'who'}, f.name || t('staff')), ...blocks(f.text));
}

function answer(f, act) {
  const heads = {none: t('topics'), chitchat: t('for_example')};
  const questions = f.suggest.map((text) => ({text, ask: text}));
  const item = el('li', {className: 'bot ' + f.kind}, spoken(t('bot') + ': '));
  if (f.band === 'low')
    item.append(el('p', {className: 'unsure'}, t('unsure')));
  item.append(...f.segments.map((part) => segment(part, f.sources)));
  item.append(...chips(t('did_you_mean'), f.options || []), ...chips(heads[f.kind] || t('also'), questions));
  const foot = el('div', {className: 'foot'});
  if (f.sources.length)
    foot.append(thumbs(f.seq, act));
  if (f.kind === 'curated' && f.sources[0])
    foot.append(linkTo(f.sources[0]));
  if (f.kind === 'none' || f.handoff)
    foot.append(button(t('ask_person'), 'person', () => act({t: 'handoff', want: 'live'})));
  item.append(...(foot.childElementCount ? [foot] : []));
  return item;
}

export const site = {}; /* what the server says of itself */

function handoffText(f) {
  if (f.state === 'queued' && f.via === 'email')
    return t('queued_email');
  return t(f.state, {who: f.who || t('staff')}) + (f.next_open ? ' ' + t('next_open', {date: day(f.next_open)}) : '');
}

/* Nobody is there: so by e-mail. What was asked last, other than for a person, is likely what they would be asked. */
function mailForm(act) {
  const field = (tag, key, properties) => el('label', {}, t(key), el(tag, {name: key, ...properties}));
  const asked = [...document.querySelectorAll('.me p')].filter((p) => !p.parentNode.nextElementSibling?.matches('.handoff')).at(-1)?.textContent || '';
  const form = el('form', {className: 'mail'}, el('p', {}, t('email_offer')),
    field('input', 'email', {type: 'email', required: true, maxLength: 200, autocomplete: 'email', dir: 'ltr'}),
    field('textarea', 'email_note', {rows: 3, maxLength: 500, value: asked, dir: 'auto'}),
    el('button', {className: 'go'}, t('email_send')));
  form.onsubmit = (e) => {
    e.preventDefault();
    act({t: 'handoff', want: 'email', email: form.email.value, note: form.email_note.value});
  };
  return form;
}

function contact() {
  const url = /^https?:/.test(site.contact) ? site.contact : 'mailto:' + site.contact;
  return el('p', {}, t('contact') + ' ', el('a', {href: url, target: '_blank', rel: 'noopener'}, site.contact));
}

/* Of the last wish only is anything left to be pressed. */
function handoff(f, act) {
  document.querySelectorAll('.note :is(form, button)').forEach((e) => e.remove());
  const cancel = () => act({t: 'handoff', want: 'cancel'});
  const more = f.state === 'declined' ? [...(site.contact ? [contact()] : []), mailForm(act)]
    : f.state === 'queued' && f.via === 'live' ? [button(t('unwait'), 'quiet', cancel)] : [];
  return note(handoffText(f), ...more);
}

/* What a screen reader and a transcript say of an event; '' for those that are not read. */
export function plain(f) {
  const text = f.segments ? f.segments.map((part) => part.text).join('\n') : f.text;
  switch (f.t) {
    case 'msg': return `${f.from === 'user' ? t('you') : f.name || t(f.from === 'staff' ? 'staff' : 'bot')}: ${text}`;
    case 'answer': return `${t('bot')}: ${text}` + (f.options?.length ? `\n${t('did_you_mean')} ${f.options.map((o) => o.text).join(' ')}` : '');
    case 'handoff': return handoffText(f);
    case 'edit': return f.withdrawn ? t('withdrawn') : `${t('corrected')}: ${text}`;
    default: return '';
  }
}

/* The item for an event, or undefined for those that only change another. */
export function itemOf(f, act) {
  switch (f.t) {
    case 'msg': return f.from === 'user' ? mine(f.text) : f.from === 'staff' ? staff(f) : note(f.text);
    case 'answer': return answer(f, act);
    case 'handoff': return handoff(f, act);
  }
}

/* fb and edit: `item` is the one that they are about. */
export function change(item, f) {
  if (f.t === 'fb') {
    item.querySelectorAll('[data-v]').forEach((b) => b.setAttribute('aria-pressed', +b.dataset.v === f.v));
    return;
  }
  item.querySelectorAll('blockquote, div[dir], .unsure, .chips, .foot').forEach((e) => e.remove());
  if (f.withdrawn)
    item.append(paragraph(t('withdrawn')));
  else
    item.append(el('p', {className: 'who'}, t('corrected')), ...(f.segments ? f.segments.map((part) => segment(part, [])) : blocks(f.text)));
}
