/* ahead.js: questions of the index below the one that is being typed: a combobox as the ARIA practices describe it.
 * The field keeps the focus; arrows walk through the list, Enter asks, Escape closes. What is typed is sent only while it
 * is a beginning of a question, at most five times a second, and a late reply to an earlier text is forgotten. */
import {$, el} from './dom.js';

const LEAST = 3, PAUSE_MS = 200;
const input = $('q'), list = $('ahead');
let timer, ask, at = -1, wanted = 0, call;

export function begin(suggest, choose) {
  call = suggest;
  ask = choose;
  input.setAttribute('role', 'combobox');
  input.setAttribute('aria-autocomplete', 'list');
  input.setAttribute('aria-controls', 'ahead');
  close();
  input.addEventListener('input', typed);
  input.addEventListener('keydown', key);
  input.addEventListener('blur', close);
  list.addEventListener('pointerdown', (e) => e.preventDefault()); /* the focus stays where it is */
  list.addEventListener('click', (e) => {
    const option = e.target.closest('li');
    if (option)
      pick(option);
  });
}

export function close() {
  clearTimeout(timer);
  wanted++;
  list.replaceChildren();
  list.hidden = true;
  input.setAttribute('aria-expanded', false);
  mark(-1);
}

function mark(i) {
  at = i;
  [...list.children].forEach((option, k) => option.setAttribute('aria-selected', k === i));
  if (i < 0)
    input.removeAttribute('aria-activedescendant');
  else
    input.setAttribute('aria-activedescendant', list.children[i].id);
  list.children[i]?.scrollIntoView({block: 'nearest'});
}

function pick(option) {
  const text = option.textContent;
  close();
  ask(text);
}

function typed() {
  close();
  const text = input.value.trim(), mine = wanted;
  if (text.length >= LEAST)
    timer = setTimeout(async () => show(mine, await call(text)), PAUSE_MS);
}

function show(mine, items) {
  if (mine !== wanted || document.activeElement !== input || !items.length)
    return;
  list.append(...items.map((text, i) => el('li', {id: 'ahead' + i, role: 'option', dir: 'auto'}, text)));
  list.hidden = false;
  input.setAttribute('aria-expanded', true);
  mark(-1);
}

function key(e) {
  const n = list.children.length;
  if (!n || e.isComposing)
    return;
  if (e.key === 'ArrowDown' || e.key === 'ArrowUp')
    mark(e.key === 'ArrowDown' ? (at + 2) % (n + 1) - 1 : (at + n + 1) % (n + 1) - 1);
  else if (e.key === 'Enter' && at >= 0)
    pick(list.children[at]);
  else if (e.key === 'Escape')
    close();
  else
    return;
  e.preventDefault();
  e.stopPropagation();
}
