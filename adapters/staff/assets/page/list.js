/* list.js: the pages, in the order of the menu: a line for each. A page is {name, title, role, Page, key}: its address is
 * /staff/NAME, `role` may see it, "g" and `key` lead there. */
import triage from './triage.js';

export const groups = [
  ['Questions', [
    triage,
  ]],
  ['Knowledge', [
  ]],
  ['Numbers', [
  ]],
  ['Administration', [
  ]],
];
