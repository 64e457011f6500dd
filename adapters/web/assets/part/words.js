/* words.js: what the page says, in the language the server chose for it. The page names the file; where it cannot be
 * had, this module fails, chat.js with it, and the page stays the plain form that it is. */
import {$} from './dom.js';

const words = await (await fetch($('words').href)).json();

/* The words for `key`, with {names} filled in. */
export const t = (key, values) => words[key].replace(/{(\w+)}/g, (_, name) => values[name]);

/* "2026-11-21", or a moment in the reader's own time, as people of that language write it; as it is when it is no date. */
export function day(text) {
  const at = new Date(text), style = text.length > 10 ? {dateStyle: 'full', timeStyle: 'short'} : {dateStyle: 'medium', timeZone: 'UTC'};
  return isNaN(at) ? text : at.toLocaleString(words.lang, style);
}
