/* list.js: the pages, in the order of the menu: a line for each. A page is {name, title, role, Page, key}: its address is
 * /staff/NAME, `role` may see it, "g" and `key` lead there. */
import triage from './triage.js';
import live from './live.js';
import clusters from './clusters.js';
import questions from './questions.js';
import knowledge from './knowledge.js';
import insights from './insights.js';
import account from './account.js';
import users from './users.js';
import audit from './audit.js';
import settings from './settings.js';
import erase from './erase.js';
import answers from './answers.js';
import synonyms from './synonyms.js';
import quality from './quality.js';

export const groups = [
  ['Questions', [
    triage,
    live,
    clusters,
    questions,
  ]],
  ['Content', [
    knowledge,
    answers,
    synonyms,
    quality,
  ]],
  ['Numbers', [
    insights,
  ]],
  ['Administration', [
    account,
    users,
    audit,
    settings,
    erase,
  ]],
];
