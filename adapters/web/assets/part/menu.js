/* menu.js: what is behind the three dots: ask a person, take the chat along, delete it. */
import {$, el, button} from './dom.js';
import {t} from './words.js';
import {announce, plain} from './view.js';

const menu = $('menu');

function close() {
  if (!menu.open)
    return;
  menu.open = false;
  menu.firstElementChild.focus();
}

/* Made from the events, not from the page: what is scrolled out of sight may have no text there. */
function download(events) {
  const text = events.map(plain).filter(Boolean).join('\n\n') + '\n';
  const url = URL.createObjectURL(new Blob([text], {type: 'text/plain'}));
  el('a', {href: url, download: 'chat.txt'}).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function erase(act) {
  const sure = el('dialog', {ariaLabel: t('erase')}, el('form', {method: 'dialog'},
    el('p', {}, t('erase_sure')), el('button', {value: ''}, t('cancel')), el('button', {value: 'yes', className: 'danger'}, t('erase_yes'))));
  sure.onclose = () => {
    sure.remove();
    menu.firstElementChild.focus();
    if (sure.returnValue)
      act({t: 'erase'});
  };
  document.body.append(sure);
  sure.showModal();
}

export function begin(act, events) {
  const items = {
    ask_person: () => act({t: 'handoff', want: 'live'}),
    download: () => download(events()),
    erase: () => erase(act),
  };
  menu.append(el('div', {}, ...Object.entries(items).map(([name, fn]) => button(t(name), '', () => {
    close();
    fn();
  }))));
  menu.hidden = false;
  menu.addEventListener('keydown', (e) => {
    if (e.key !== 'Escape' || !menu.open)
      return;
    e.preventDefault();
    close();
  });
  document.addEventListener('click', (e) => menu.contains(e.target) || (menu.open = false));
  menu.addEventListener('focusout', (e) => e.relatedTarget && !menu.contains(e.relatedTarget) && (menu.open = false));
}

/* Nothing to take along or to delete before there is something. */
export const offer = (begun) => [...menu.querySelectorAll('button')].slice(1).forEach((b) => b.hidden = !begun);
export const erased = () => announce(t('erased'));
