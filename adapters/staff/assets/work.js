/* work.js: the pages of those who answer: what they have open all day. Comes when the first of them is opened. */
import './part/all.js';
import triage from './page/triage.js';
import live from './page/live.js';
import answers from './page/answers.js';
import synonyms from './page/synonyms.js';
import quality from './page/quality.js';

export default {triage, live, answers, synonyms, quality};
