/* words.js: what the page says, in the language the server chose for it. The page names the file; where it cannot be
 * had, this module fails, chat.js with it, and the page stays the plain form that it is. */
import {$} from './dom.js';

const words = await (await fetch($('words').href)).json();

/* The words for `key`, with {names} filled in. */
export const t = (key, values) => words[key].replace(/{(\w+)}/g, (_, name) => values[name]);

/* "2026-11-21" or a time stamp, as people of that language write it; as it is when it is no date. */
export function day(text) {
  const at = new Date(text);
  return isNaN(at) ? text : at.toLocaleDateString(words.lang, {dateStyle: 'medium', timeZone: text.length > 10 ? undefined : 'UTC'});
}
