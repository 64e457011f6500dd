/* office.js: the pages of those who look after it all. Comes when the first of them is opened. */
import './part/all.js';
import clusters from './page/clusters.js';
import questions from './page/questions.js';
import knowledge from './page/knowledge.js';
import insights from './page/insights.js';
import users from './page/users.js';
import audit from './page/audit.js';
import settings from './page/settings.js';
import erase from './page/erase.js';
import account from './page/account.js';

export default {clusters, questions, knowledge, insights, users, audit, settings, erase, account};
