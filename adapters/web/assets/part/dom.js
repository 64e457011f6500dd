/* dom.js: making elements. Text reaches the page as text nodes only; there is no way here to add mark-up from a string. */

export const $ = (id) => document.getElementById(id);

export function el(tag, properties, ...children) {
  const e = Object.assign(document.createElement(tag), properties);
  e.append(...children);
  return e;
}

/* For screen readers only. */
export const spoken = (text) => el('span', {className: 'sr'}, text);

/* Nothing before the text: its first letter decides its direction. */
export const paragraph = (text) => el('p', {dir: 'auto'}, text);

export const button = (text, className, onclick) => el('button', {type: 'button', className, onclick}, text);

function table(rows) {
  const line = (row, tag) => el('tr', {}, ...row.split(' | ').map((cell) => el(tag, {dir: 'auto'}, cell)));
  const body = el('tbody', {}, ...rows.slice(1).map((row) => line(row, 'td')));
  return el('div', {className: 'wide', tabIndex: 0}, el('table', {}, el('thead', {}, line(rows[0], 'th')), body));
}

/* Plain text as paragraphs, lists and tables, as web_html.c makes them. */
export function blocks(text) {
  const made = [], lines = text.split('\n');
  let open; /* the paragraph or list that the next line may belong to */
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i], item = /^\s*(?:-|(\d{1,3})\.) (.*)/.exec(line);
    const kind = item ? (item[1] ? 'OL' : 'UL') : 'P', goesOn = open?.tagName === kind;
    let n = 0; /* lines of a table */
    while (!item && lines[i + n]?.includes(' | '))
      n++;
    if (n > 1) {
      made.push(table(lines.slice(i, i + n)));
      i += n - 1;
      open = undefined;
      continue;
    }
    if (!line.trim()) {
      open = undefined;
      continue;
    }
    if (!goesOn)
      made.push(open = el(kind, {}));
    if (item)
      open.append(el('li', item[1] ? {value: item[1]} : {}, item[2]));
    else
      open.append((goesOn ? '\n' : '') + line.trim());
  }
  return made;
}
