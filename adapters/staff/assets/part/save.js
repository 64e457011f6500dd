/* save.js: what is taken away: lines that come in parts (X-Next) become one file, and texts go to the clipboard. */
import {html, useState} from './preact.js';
import {file} from './api.js';
import {Button, toast} from './ui.js';

/* get('export', {...}) as one file of that name; onPart(n) hears of each part. */
export async function save(name, params, as, onPart = () => {}) {
  const parts = [];
  for (let after = ''; after !== null;) {
    const reply = await fetch(file(name, {...params, after}), {cache: 'no-store'});
    if (!reply.ok)
      throw (await reply.json().catch(() => ({title: `The program answered ${reply.status}.`})));
    parts.push(await reply.blob());
    onPart(parts.length);
    after = reply.headers.get('X-Next');
  }
  const link = document.createElement('a'), url = URL.createObjectURL(new Blob(parts));
  link.href = url;
  link.download = as;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/* A button for that; onError hears what went wrong. */
export function Save({name, params, as, onError, children, ...rest}) {
  const [parts, set] = useState(0);
  const go = () => {
    set(1);
    onError?.(null);
    save(name, params, as, set).catch((e) => onError?.(e)).finally(() => set(0));
  };
  return html`<${Button} ...${rest} busy=${parts > 0} onClick=${go}>${parts > 1 ? `Part ${parts} …` : children}<//>`;
}

/* Copies a text; where the browser does not let us, it is selected by hand. */
export function Copy({text, what}) {
  const go = () => navigator.clipboard.writeText(text).then(() => toast(`Copied: ${what}.`),
    () => toast('The browser does not let us copy; select the text instead.'));
  return html`<${Button} small onClick=${go}>Copy<span class="sr"> ${what}</span><//>`;
}
