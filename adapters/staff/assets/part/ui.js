/* ui.js: the parts that all pages are made of, so that they look and behave alike. */
import {html, useState, useEffect, useLayoutEffect, useRef, useCallback} from './preact.js';
import {get} from './api.js';

let ids = 0;
const useId = () => {
  const id = useRef(null);
  return id.current ??= 'f' + ++ids;
};

/* ---- words ---- */

const NUMBER = new Intl.NumberFormat('en');
export const count = (n) => NUMBER.format(n);
/* "1 question", "2 questions" */
export const some = (n, thing) => `${count(n)} ${thing}${n === 1 ? '' : 's'}`;

const UNITS = [['y', 31_557_600], ['mo', 2_629_800], ['d', 86_400], ['h', 3600], ['min', 60]];
const DATE = new Intl.DateTimeFormat('en', {dateStyle: 'medium', timeStyle: 'short'});
/* <time>3 h ago</time>, the whole date when pointed at. */
export function when(ms) {
  const ago = (Date.now() - ms) / 1000, [unit, size] = UNITS.find(([, s]) => Math.abs(ago) >= s) || [];
  const text = !unit ? 'just now' : ago > 0 ? `${Math.floor(ago / size)} ${unit} ago` : `in ${Math.ceil(-ago / size)} ${unit}`;
  return html`<time datetime=${new Date(ms).toISOString()} title=${DATE.format(ms)}>${text}</time>`;
}

const BROWSERS = [['Edg', 'Edge'], ['OPR', 'Opera'], ['Firefox', 'Firefox'], ['Chrome', 'Chrome'], ['Version', 'Safari']];
const SYSTEMS = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac OS', 'Linux'];
/* What a browser calls itself, in short: "Firefox 140, Windows"; the whole of it when pointed at. */
export function browser(agent) {
  const [mark, name] = BROWSERS.find(([m]) => agent.includes(m + '/')) || [], system = SYSTEMS.find((s) => agent.includes(s));
  const version = mark && agent.split(mark + '/')[1].split('.')[0];
  return html`<span title=${agent}>${name ? `${name} ${version}${system ? `, ${system}` : ''}` : agent || 'unknown'}</span>`;
}

/* ---- what is said without being looked for ---- */

/* For screen readers; long enough for the slowest, then gone, so that nothing is read twice. */
export function announce(text) {
  const p = document.createElement('p');
  p.textContent = text;
  document.getElementById('say').append(p);
  setTimeout(() => p.remove(), 2000);
}

const TOAST_MS = 10_000;
let show_toast = () => {};
/* One at a time, for ten seconds. undo: takes it back; useToast().undo is for a key. */
export function toast(text, {undo} = {}) {
  announce(text + (undo ? ' Press u to undo.' : ''));
  show_toast({text, undo, n: ++ids});
}
export const undo_last = {current: null};

export function Toast() {
  const [now, set] = useState(null);
  show_toast = set;
  useEffect(() => {
    undo_last.current = now?.undo && (() => {
      set(null);
      now.undo();
    });
    const timer = now && setTimeout(() => set(null), TOAST_MS);
    return () => clearTimeout(timer);
  }, [now]);
  return now && html`<div class="toast" key=${now.n}><span>${now.text}</span>
    ${now.undo && html`<${Button} small onClick=${() => undo_last.current?.()}>Undo<//>`}
    <${Button} small quiet aria-label="Dismiss" onClick=${() => set(null)}>✕<//></div>`;
}

/* ---- pieces ---- */

export function Head({title, note, children}) {
  return html`<div class="head"><h1 tabindex="-1">${title}</h1>${note && html`<p class="soft">${note}</p>`}
    ${children && html`<div class="actions">${children}</div>`}</div>`;
}

/* go: the one that matters; danger; quiet; small. With href it is a link that looks alike. */
export function Button({go, danger, quiet, small, busy, href, children, ...rest}) {
  const look = ['button', go && 'go', danger && 'danger', quiet && 'quiet', small && 'small', rest.class].filter(Boolean).join(' ');
  if (href)
    return html`<a ...${rest} href=${href} class=${look}>${children}</a>`;
  return html`<button type="button" ...${rest} class=${look} aria-disabled=${busy ? 'true' : undefined}
    onClick=${(e) => busy ? e.preventDefault() : rest.onClick?.(e)}>${children}</button>`;
}

/* A label, a field (rows: of several lines), a hint, and what is wrong with it. children: a field of another kind, with its id. */
export function Field({label, hint, error, rows, children, ...rest}) {
  const id = useId(), described = [hint && id + 'h', error && id + 'e'].filter(Boolean).join(' ') || undefined;
  const all = {id, 'aria-describedby': described, 'aria-invalid': error ? 'true' : undefined, ...rest};
  return html`<div class="field"><label for=${id}>${label}</label>
    ${children ? children(all) : rows ? html`<textarea rows=${rows} ...${all}></textarea>` : html`<input ...${all}/>`}
    ${hint && html`<p class="soft" id=${id + 'h'}>${hint}</p>`}${error && html`<p class="wrong" id=${id + 'e'}>${error}</p>`}</div>`;
}

/* options: [[value, text], ...]; onChange gets the value. */
export function Choice({label, options, value, onChange, ...rest}) {
  return html`<${Field} label=${label} ...${rest}>${(all) => html`<select ...${all} value=${value} onChange=${(e) => onChange(e.target.value)}>
    ${options.map(([v, text]) => html`<option value=${v} selected=${v === value}>${text}</option>`)}</select>`}<//>`;
}

/* tone: "good", "warn", "bad", or none. */
export const Tag = ({tone = '', children, ...rest}) => html`<span class=${'tag ' + tone} ...${rest}>${children}</span>`;

/* What went wrong, and a way on. */
export function Problem({error, onRetry}) {
  return error && html`<div class="problem" role="alert"><p>${error.title || String(error)}</p>
    ${onRetry && html`<${Button} small onClick=${onRetry}>Try again<//>`}</div>`;
}

export const Empty = ({title, children}) => html`<div class="empty"><p><strong>${title}</strong></p>${children && html`<p class="soft">${children}</p>`}</div>`;

export const More = ({next, onMore, busy}) => next ? html`<p class="more"><${Button} busy=${busy} onClick=${onMore}>Show more<//></p>` : null;

/* head: texts, or {text, num: true}; rows: arrays of cells, or {key, cells, current}. The first cell names the row. */
export function Table({label, head, rows, empty}) {
  const columns = head.map((h) => h.text === undefined ? {text: h} : h);
  if (!rows.length)
    return typeof empty === 'string' ? html`<${Empty} title=${empty}/>` : empty ?? null;
  return html`<div class="wide" tabindex="0" role="region" aria-label=${label}><table>
    <thead><tr>${columns.map((h) => h.text ? html`<th scope="col" class=${h.num ? 'num' : ''}>${h.text}</th>` : html`<td></td>`)}</tr></thead>
    <tbody>${rows.map((r) => html`<tr key=${r.key} class=${r.current ? 'current' : ''}>${(r.cells || r).map((cell, i) =>
      i ? html`<td class=${columns[i]?.num ? 'num' : ''}>${cell}</td>` : html`<th scope="row">${cell}</th>`)}</tr>`)}</tbody></table></div>`;
}

/* ---- dialogs ---- */

let open = 0;
/* How many dialogs are on top of the page. */
export const layer = () => open;

/* Modal; Escape calls onClose, and the focus goes back to where it was. It begins at [autofocus], or at the first field. */
export function Dialog({title, onClose, wide, children}) {
  const id = useId(), close = useRef(onClose);
  close.current = onClose;
  useLayoutEffect(() => {
    const el = document.getElementById(id + 'd');
    open++;
    el.showModal();
    (el.querySelector('[autofocus]') || el.querySelector('input, textarea, select') || el.querySelector('h2')).focus();
    return () => {
      open--;
      el.close();
    };
  }, []);
  return html`<dialog id=${id + 'd'} class=${wide ? 'broad' : ''} aria-labelledby=${id} onCancel=${(e) => {
    e.preventDefault();
    close.current();
  }}><div class="head"><h2 id=${id} tabindex="-1">${title}</h2><${Button} small quiet aria-label="Close" onClick=${onClose}>✕<//></div>${children}</dialog>`;
}

/* ---- data ---- */

/* Asks for get(name, params) now, when they change, and at reload(); the last answer stays until the next is there. name null: nothing. */
export function useData(name, params = {}) {
  const [state, set] = useState({data: null, error: null, busy: !!name});
  const key = name && name + JSON.stringify(params), last = useRef(null);
  const load = useCallback(async () => {
    last.current = key;
    if (!name)
      return set({data: null, error: null, busy: false});
    set((s) => ({...s, busy: true}));
    const next = await get(name, params).then((data) => ({data, error: null}), (error) => ({error}));
    if (last.current === key)
      set((s) => ({...s, ...next, busy: false}));
  }, [key]);
  useEffect(() => {
    load();
    return () => last.current = null;
  }, [key]);
  return {...state, reload: load};
}
