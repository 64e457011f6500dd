/* synonyms.js: which words stand for which, and what a change of that would do. */
import {html, useState} from '../part/preact.js';
import {can} from '../part/api.js';
import {Button, Empty, Head, Problem, Table, useData} from '../part/ui.js';
import {useKeys} from '../part/keys.js';
import {Fix} from '../part/fix.js';

function Page() {
  const {data, error, reload} = useData('synonyms'), [open, set] = useState(null), [q, search] = useState('');
  useKeys({s: () => can('agent') && set({}), '/': () => document.getElementById('find').focus()}, {s: 'new group', '/': 'search'});
  const all = data?.groups || [], shown = all.filter((g) => [...g.words, ...g.from, ...g.to].join(' ').toLowerCase().includes(q.toLowerCase()));
  const rows = shown.map((g) => ({key: g.line, cells: [html`<span dir="auto">${(g.words.length ? g.words : g.from).join(', ')}</span>`,
    g.words.length ? 'mean the same' : html`also find${g.from.length === 1 ? 's' : ''} <span dir="auto">${g.to.join(', ')}</span>`, g.weight || '',
    can('agent') ? html`<${Button} small onClick=${() => set(g)}>Change<span class="sr"> ${(g.words.length ? g.words : g.from)[0]}</span><//>
      <${Button} small quiet onClick=${() => set({...g, remove: true})}>Take out<span class="sr"> ${(g.words.length ? g.words : g.from)[0]}</span><//>` : '']}));
  return html`<${Head} title="Synonyms" note=${data?.file ? `Other words for the same thing, in ${data.file.split('/').pop()}. What belongs to one entry is another way to ask it.` : ''}>
      ${can('agent') && data?.file && html`<${Button} go onClick=${() => set({})}>New group<//>`}<//>
    <${Problem} error=${error} onRetry=${reload}/>
    ${data && !data.file && html`<${Empty} title="There is no file of synonyms.">Put an empty synonyms.yaml beside guidepost.yaml and reload the program.<//>`}
    ${all.length > 0 && html`<p class="search"><label class="sr" for="find">Search these groups</label><input id="find" type="search" placeholder="Search" value=${q} onInput=${(e) => search(e.target.value)}/></p>`}
    ${data?.file && html`<${Table} label="Synonyms" head=${['Words', '', {text: 'Weight', num: true}, '']} rows=${rows}
      empty=${html`<${Empty} title=${all.length ? `No group has “${q}”.` : 'There are no groups yet.'}/>`}/>`}
    ${open && html`<${Fix} kind="synonym" group=${open.line ? open : undefined} onClose=${() => set(null)} onDone=${reload}/>`}`;
}

export default Page;
