/* keys.js: single keys. They do nothing in fields, can be switched off, and each can be put elsewhere (WCAG 2.1.4): the
 * dialog of "?" does both, and this browser remembers. While a dialog is open only its own keys count. */
import {html, useEffect, useRef, useState} from './preact.js';
import {Dialog, Button, layer} from './ui.js';

const KEPT = 'guidepost-keys'; /* {off, map: {"j": "n"}}: from our key to theirs */
const SEQUENCE_MS = 1500;

const sets = []; /* of those on the screen: {keys, help, layer} */
let begun = '', timer = 0;

function kept() {
  try {
    return {off: false, map: {}, ...JSON.parse(localStorage.getItem(KEPT))};
  } catch {
    return {off: false, map: {}};
  }
}
const keep = (settings) => localStorage.setItem(KEPT, JSON.stringify(settings));

/* What we call the key that this person uses for it. */
const ours = (key, {map}) => Object.keys(map).find((k) => map[k] === key) ?? (map[key] ? null : key);
/* How it is shown. */
export const shown = (key) => kept().map[key] ?? key;

const is_field = (el) => el.matches?.('textarea, select, [contenteditable]') ||
  el.matches?.('input') && !/^(checkbox|radio|button|submit)$/.test(el.type);
const is_pressed = (el) => el.matches?.('a, button, summary, input');

function on_key(e) {
  const settings = kept(), modified = e.ctrlKey || e.metaKey || e.altKey;
  if (e.isComposing || e.defaultPrevented)
    return;
  let name = modified && e.key === 'Enter' ? (e.shiftKey ? 'ctrl+shift+enter' : 'ctrl+enter') : e.key.length > 1 ? e.key.toLowerCase() : e.key;
  if (modified ? e.key !== 'Enter' : settings.off || is_field(e.target) || name === 'enter' && is_pressed(e.target))
    return;
  if (!modified)
    name = ours(begun ? begun + ' ' + name : name, settings);
  begun = '';
  clearTimeout(timer);
  const mine = sets.filter((s) => s.layer === layer());
  if (name && mine.some((s) => Object.keys(s.keys).some((k) => k.startsWith(name + ' ')))) {
    begun = name;
    timer = setTimeout(() => begun = '', SEQUENCE_MS);
    return;
  }
  const set = mine.findLast((s) => s.keys[name]);
  if (!set)
    return;
  e.preventDefault();
  set.keys[name](e);
}
addEventListener('keydown', on_key);

/* {j: fn}: "j", "enter", "g i" for one after another, "ctrl+enter" (also in fields). help: {j: "next question"}. */
export function useKeys(keys, help = {}) {
  const set = useRef(null);
  if (set.current)
    Object.assign(set.current, {keys, help});
  useEffect(() => {
    set.current = {keys, help, layer: layer()};
    sets.push(set.current);
    return () => sets.splice(sets.indexOf(set.current), 1);
  }, []);
}

/* ---- the dialog of "?" ---- */

function Row({from, text, settings, change}) {
  const [asking, ask] = useState(false);
  const take = (e) => {
    if (!asking || ['Shift', 'Control', 'Alt', 'Meta', 'Tab'].includes(e.key))
      return;
    e.preventDefault();
    e.stopPropagation();
    ask(false);
    if (e.key !== 'Escape')
      change(from, e.key.length > 1 ? e.key.toLowerCase() : e.key);
  };
  const fixed = from.includes('+') || from.includes(' ');
  return html`<tr><th scope="row">${text}</th><td>${asking ? 'Press a key' : html`<kbd>${settings.map[from] ?? from}</kbd>`}</td>
    <td>${!fixed && html`<${Button} small onClick=${() => ask(true)} onKeyDown=${take} onBlur=${() => ask(false)}
      aria-label=${`Change the key for: ${text}`}>Change<//>`}</td></tr>`;
}

export function KeyHelp({onClose}) {
  const [settings, set] = useState(kept());
  const update = (next) => {
    keep(next);
    set(next);
  };
  const change = (from, to) => {
    const map = {...settings.map}, was = map[from] ?? from, other = ours(to, settings);
    map[from] = to;
    if (other && other !== from && help[other])
      map[other] = was; /* two of them change places */
    update({...settings, map: Object.fromEntries(Object.entries(map).filter(([a, b]) => a !== b))});
  };
  const help = Object.assign({}, ...sets.filter((s) => s.layer === 0).map((s) => s.help).reverse()); /* the page's own first */
  return html`<${Dialog} title="Keys" onClose=${onClose}>
    <p><label class="check"><input type="checkbox" checked=${!settings.off} onChange=${(e) => update({...settings, off: !e.target.checked})}/>
      Single keys work outside of fields</label></p>
    <div class="wide" tabindex="0" role="region" aria-label="Keys"><table><thead><tr><th scope="col">What it does</th><th scope="col">Key</th><td></td></tr></thead>
      <tbody>${Object.entries(help).map(([from, text]) => html`<${Row} key=${from} ...${{from, text, settings, change}}/>`)}</tbody></table></div>
    <p class="actions"><${Button} onClick=${() => update({off: false, map: {}})}>As they were<//>
      <${Button} go onClick=${onClose}>Done<//></p>
    <p class="soft">Changes are kept in this browser. <a href="/staff/a/licences.txt" target="_blank">Licences</a></p>
  <//>`;
}
