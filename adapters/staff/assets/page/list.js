/* list.js: the pages, in the order of the menu: a line for each. A page's address is /staff/NAME, `role` may see it, "g" and `key` lead
 * there. What it shows comes with the first page of its half: `work` is what staff has open all day, `office` the rest. */
const work = () => import('../work.js'), office = () => import('../office.js');

export const groups = [
  ['Questions', [
    {name: 'triage', title: 'Triage', role: 'viewer', key: 'i', from: work},
    {name: 'live', title: 'Live', role: 'agent', key: 'l', from: work},
    {name: 'clusters', title: 'Clusters', role: 'viewer', key: 'c', from: office},
    {name: 'questions', title: 'All questions', role: 'viewer', key: 'a', from: office},
  ]],
  ['Content', [
    {name: 'answers', title: 'Answers', role: 'viewer', key: 'e', from: work},
    {name: 'synonyms', title: 'Synonyms', role: 'viewer', from: work},
    {name: 'knowledge', title: 'Knowledge', role: 'viewer', key: 'k', from: office},
    {name: 'quality', title: 'Quality', role: 'viewer', key: 'q', from: work},
  ]],
  ['Numbers', [
    {name: 'insights', title: 'Insights', role: 'viewer', key: 'n', from: office},
  ]],
  ['Administration', [
    {name: 'users', title: 'Users and tokens', role: 'admin', from: office},
    {name: 'audit', title: 'Audit', role: 'admin', from: office},
    {name: 'settings', title: 'Settings', role: 'admin', from: office},
    {name: 'erase', title: 'Export and erase', role: 'admin', from: office},
    {name: 'account', title: 'My account', role: 'viewer', key: 'm', from: office},
  ]],
];
