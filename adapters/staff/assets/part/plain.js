/* plain.js: an answer as the chat shows it: plain text as paragraphs, lists and tables, with the names and by the rules of the chat's own
 * part/dom.js, so that what is looked at before saving is what visitors get. */
import {html} from './preact.js';

/* [{tag: 'p' | 'ul' | 'ol' | 'table', lines}]: of a list, [number, text] each. */
function blocks_of(text) {
  const made = [], lines = text.split('\n');
  let open; /* what the next line may belong to */
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i], item = /^\s*(?:-|(\d{1,3})\.) (.*)/.exec(line), tag = item ? (item[1] ? 'ol' : 'ul') : 'p';
    let n = 0; /* lines of a table */
    while (!item && lines[i + n]?.includes(' | '))
      n++;
    if (n > 1) {
      made.push({tag: 'table', lines: lines.slice(i, i + n).map((row) => row.split(' | '))});
      i += n - 1;
      open = undefined;
    } else if (!line.trim()) {
      open = undefined;
    } else {
      if (open?.tag !== tag)
        made.push(open = {tag, lines: []});
      open.lines.push(item ? [item[1], item[2]] : line.trim());
    }
  }
  return made;
}

const items = (lines) => lines.map(([number, text], i) => html`<li key=${i} value=${number}>${text}</li>`);

function Block({tag, lines: [first, ...more]}) {
  return tag === 'table' ? html`<div class="wide" tabindex="0" role="region" aria-label="Table"><table><thead><tr>${first.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
      <tbody>${more.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody></table></div>` :
    tag === 'ul' ? html`<ul>${items([first, ...more])}</ul>` : tag === 'ol' ? html`<ol>${items([first, ...more])}</ol>` : html`<p>${[first, ...more].join('\n')}</p>`;
}

/* The question as it was asked, and under it what is answered. */
export function Shown({question, text, source}) {
  return html`<div class="shown"><p class="asked" dir="auto">${question}</p><blockquote dir="auto">${blocks_of(text).map((b, i) => html`<${Block} key=${i} ...${b}/>`)}
    ${source && html`<footer>${/^https?:\/\//i.test(source) ? html`<a href=${source} target="_blank" rel="noopener">${question}</a>` : source}</footer>`}</blockquote></div>`;
}
