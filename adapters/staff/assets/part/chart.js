/* chart.js: figures as pictures: columns, lines, bars, a map of hours, sparks. Each has a title, and a table with the same numbers that
 * opens below it, so nobody depends on seeing it. What is counted can be looked at: `href` of a column, a row or a number leads to the list
 * of its questions. A column is one stop of the tab key; its parts are links in the table.
 *
 * Drawn as wide as there is room, so that letters keep their size. Geometry is in attributes and colour in classes (chart.css): the
 * policy of these pages allows no style in an attribute. */
import {html, useEffect, useRef, useState} from './preact.js';
import {count} from './ui.js';

const LEFT = 40, BOTTOM = 20, TOP = 8, HEIGHT = 200;

function useWidth() {
  const ref = useRef(null), [width, set] = useState(640);
  useEffect(() => {
    const seen = new ResizeObserver(([e]) => set(Math.max(200, Math.floor(e.contentRect.width))));
    seen.observe(ref.current);
    return () => seen.disconnect();
  }, []);
  return [ref, width];
}

/* 1, 2 or 5 times a power of ten that takes the maximum in at most four steps. */
function steps(max) {
  const rough = Math.max(max, 1) / 4, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
  return Array.from({length: Math.ceil(Math.max(max, step) / step) + 1}, (_, i) => i * step);
}

const cell = (value, href) => href && value !== null ? html`<a href=${href}>${value}</a>` : value ?? '–';

/* head: texts; rows: [[label, href], [value, href], ...] or plain values. csv: where to take it away. */
function Twin({title, head, rows, csv}) {
  const plain = (c, i) => Array.isArray(c) ? cell(c[0], c[1]) : cell(c);
  return html`<details class="twin"><summary>As a table</summary><div class="wide" tabindex="0" role="region" aria-label=${title + ', as a table'}>
    <table><thead><tr>${head.map((h, i) => html`<th scope="col" class=${i ? 'num' : ''}>${h}</th>`)}</tr></thead>
    <tbody>${rows.map((r) => html`<tr>${r.map((c, i) => i ? html`<td class="num">${plain(c, i)}</td>` : html`<th scope="row">${plain(c, i)}</th>`)}</tr>`)}</tbody></table></div>
    ${csv && html`<p><a href=${csv} download>Download as CSV</a></p>`}</details>`;
}

/* A card with a title, a sentence that says what it answers, the picture, its table. */
export function Chart({title, note, twin, csv, children}) {
  return html`<section class="card chart"><h2>${title}</h2>${note && html`<p class="soft">${note}</p>`}${children}
    ${twin && html`<${Twin} title=${title} csv=${csv} ...${twin}/>`}</section>`;
}

/* [{name, look, href}]: what the colours mean. */
export const Legend = ({series}) => html`<ul class="legend">${series.map((s) => html`<li><svg width="12" height="12" aria-hidden="true"><rect width="12" height="12" rx="2" class=${s.look}/></svg>
  ${s.href ? html`<a href=${s.href}>${s.name}</a>` : s.name}</li>`)}</ul>`;

function Grid({ticks, y, width, unit}) {
  return ticks.map((t) => html`<g aria-hidden="true"><line class="grid" x1=${LEFT} x2=${width} y1=${y(t)} y2=${y(t)}/><text class="tick" x=${LEFT - 6} y=${y(t) + 4} text-anchor="end">${count(t)}${unit}</text></g>`);
}

/* As many labels as there is room for. */
function Labels({items, x, width}) {
  const every = Math.ceil(items.length * 46 / Math.max(width - LEFT, 1));
  return items.map((it, i) => i % every === 0 && html`<text class="tick" aria-hidden="true" x=${x(i)} y=${HEIGHT - 5} text-anchor="middle">${it.label}</text>`);
}

/* Columns of one or more parts. items: [{label, title, href, values}]; series: [{name, look}]; unit: '%'; dots: a value of each item to compare with. */
export function Stack({items, series, unit = '', max, dots}) {
  const [ref, width] = useWidth(), ticks = steps(max ?? Math.max(0, ...items.map((it) => it.values.reduce((a, b) => a + (b || 0), 0))));
  const top = ticks[ticks.length - 1], y = (v) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - v / top);
  const slot = (width - LEFT) / items.length, x = (i) => LEFT + slot * (i + .5), w = Math.max(2, Math.min(48, slot * .75));
  return html`<div ref=${ref} class="canvas"><svg width=${width} height=${HEIGHT} role="group" aria-label=${series.map((s) => s.name).join(', ')}>
    <${Grid} ticks=${ticks} y=${y} width=${width} unit=${unit}/><${Labels} items=${items} x=${x} width=${width}/>
    ${items.map((it, i) => {
      let sum = 0;
      return html`<a href=${it.href} aria-label=${it.title}><title>${it.title}</title><rect class="hit" x=${x(i) - slot / 2} y=${TOP} width=${slot} height=${HEIGHT - TOP - BOTTOM}/>
        ${it.values.map((v, k) => {
          if (!v)
            return null;
          sum += v;
          return html`<rect class=${series[k].look} x=${x(i) - w / 2} y=${y(sum)} width=${w} height=${Math.max(1, y(sum - v) - y(sum) - (k ? 1 : 0))}/>`;
        })}
        ${dots?.[i] != null && html`<circle class="dot" cx=${x(i)} cy=${y(dots[i])} r="4"/>`}</a>`;
    })}</svg></div>`;
}

/* Lines over the same items; a null is a gap. marks: indexes at which something happened. */
export function Line({items, series, unit = '', max, marks = []}) {
  const [ref, width] = useWidth(), ticks = steps(max ?? Math.max(0, ...items.flatMap((it) => it.values)));
  const top = ticks[ticks.length - 1], y = (v) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - Math.min(v, top) / top);
  const slot = (width - LEFT) / items.length, x = (i) => LEFT + slot * (i + .5);
  const path = (k) => items.reduce((d, it, i) => it.values[k] == null ? d + ' ' : d + (d && !d.endsWith(' ') ? 'L' : 'M') + x(i).toFixed(1) + ' ' + y(it.values[k]).toFixed(1), '').trim();
  return html`<div ref=${ref} class="canvas"><svg width=${width} height=${HEIGHT} role="group" aria-label=${series.map((s) => s.name).join(', ')}>
    <${Grid} ticks=${ticks} y=${y} width=${width} unit=${unit}/><${Labels} items=${items} x=${x} width=${width}/>
    ${marks.map((i) => html`<g><title>Published</title><line class="mark" x1=${x(i)} x2=${x(i)} y1=${TOP} y2=${HEIGHT - BOTTOM}/></g>`)}
    ${series.map((s, k) => html`<path class=${'line ' + s.look} d=${path(k)}/>`)}
    ${items.map((it, i) => html`<a href=${it.href} aria-label=${it.title}><title>${it.title}</title><rect class="hit" x=${x(i) - slot / 2} y=${TOP} width=${slot} height=${HEIGHT - TOP - BOTTOM}/>
      ${it.values.map((v, k) => v != null && html`<circle class=${'point ' + series[k].look} cx=${x(i)} cy=${y(v)} r="2.5"/>`)}</a>`)}</svg></div>`;
}

/* Bars that lie, each with its name, its number and room for more. rows: [{name, href, parts: [{value, look}], text, more}]. */
export function Bars({rows, empty}) {
  const most = Math.max(1, ...rows.map((r) => r.parts.reduce((a, p) => a + p.value, 0)));
  return rows.length ? html`<ul class="bars">${rows.map((r) => {
    let at = 0;
    return html`<li><span class="name" dir="auto">${r.href ? html`<a href=${r.href}>${r.name}</a>` : r.name}</span><span class="value">${r.text}</span>
      <svg height="12" aria-hidden="true">${r.parts.map((p) => {
        const from = at;
        at += p.value;
        return html`<rect class=${p.look} x=${100 * from / most + '%'} width=${100 * p.value / most + '%'} height="12" rx="2"/>`;
      })}</svg>${r.more}</li>`;
  })}</ul>` : html`<p class="soft">${empty}</p>`;
}

/* A few numbers as a line without axes. */
export function Spark({values, label, width = 90, height = 24}) {
  const max = Math.max(1, ...values), step = width / values.length;
  return html`<svg class="spark" width=${width} height=${height} role="img" aria-label=${label}>${values.map((v, i) => v > 0 &&
    html`<rect class="s0" x=${(i * step).toFixed(1)} y=${(height - v / max * height).toFixed(1)} width=${Math.max(1, step - 1).toFixed(1)} height=${(v / max * height).toFixed(1)}/>`)}</svg>`;
}

/* rows: [{name, href, cells: [{value, href, title}]}]; columns: names. Five shades, from nothing to the most. */
export function Heat({rows, columns}) {
  const most = Math.max(1, ...rows.flatMap((r) => r.cells.map((c) => c.value)));
  const [ref, width] = useWidth(), w = (width - LEFT) / columns.length, h = 22, every = Math.ceil(24 / w);
  return html`<div ref=${ref} class="canvas"><svg width=${width} height=${rows.length * h + BOTTOM} role="group" aria-label="By weekday and hour">
    ${rows.map((r, y) => html`<a href=${r.href} aria-label=${r.title}><title>${r.title}</title><rect class="hit" x="0" y=${y * h} width=${LEFT} height=${h}/><text class="tick" x=${LEFT - 6} y=${y * h + 15} text-anchor="end">${r.name}</text></a>
      ${r.cells.map((c, x) => html`<a href=${c.href} tabindex="-1" aria-label=${c.title}><title>${c.title}</title><rect class=${'h' + (c.value ? Math.ceil(4 * c.value / most) : 0)} x=${LEFT + x * w} y=${y * h} width=${w - 1} height=${h - 1}/></a>`)}`)}
    ${columns.map((c, i) => i % every === 0 && html`<text class="tick" aria-hidden="true" x=${LEFT + (i + .5) * w} y=${rows.length * h + 15} text-anchor="middle">${c}</text>`)}</svg></div>`;
}
