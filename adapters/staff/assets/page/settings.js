/* settings.js: the settings as they are in force, for reading: they are changed in guidepost.yaml, where guidepost check looks at them
 * before they count, and who got into a browser does not get further. */
import {html, useState} from '../part/preact.js';
import {Head, Field, Problem, Table, Tag, useData} from '../part/ui.js';
import {Copy} from '../part/save.js';

const embed = () => `<script src="${location.origin}/widget.js" async data-auto></script>`;

/* What visitors notice, in words; the rest is in the table. */
function Visitors({value, starters}) {
  const rows = [
    ['Name of the chat', value('web.title')],
    ['Opening hours', value('staff.hours') || 'at any time'],
    ['Days on which nobody is there', value('staff.holidays') || 'none'],
    ['Privacy page', value('web.privacy_url') || 'none: set web.privacy_url'],
    ['Other ways to reach you', value('web.contact') || 'none: set web.contact'],
    ['Pages of other sites that may embed it', value('web.origins') || 'none: add them to web.origins'],
    ['Questions offered at the start', starters.join(' · ') || 'none yet: they are the leading topics of the guides'],
    ['Kept for', value('journal.retention_days') === '0' ? 'ever' : `${value('journal.retention_days')} days`],
  ];
  return html`<section class="card"><h2>What visitors see</h2><dl class="pairs">${rows.map(([k, v]) => html`<dt>${k}</dt><dd>${v}</dd>`)}</dl></section>
    <section class="card"><div class="head"><h2>On your own pages</h2><div class="actions"><${Copy} text=${embed()} what="the code"/></div></div>
      <p>Put this line into a page, and the site into <code>web.origins</code>:</p><pre class="codes">${embed()}</pre></section>`;
}

const source = (s) => s.source === 'default' ? html`<${Tag}>default<//>` : html`<${Tag} tone="good">${s.source}<//>`;

function Page() {
  const {data, error, reload} = useData('settings'), [text, set_text] = useState(''), [all, set_all] = useState(false);
  const shown = (data?.settings || []).filter((s) => (all || text || s.source !== 'default') &&
    `${s.name} ${s.name.replace(/[._]/g, ' ')} ${s.help}`.toLowerCase().includes(text.toLowerCase()));
  const value = (name) => data.settings.find((s) => s.name === name)?.value || '';
  return html`<${Head} title="Settings"/>
    <${Problem} error=${error} onRetry=${reload}/>
    ${data && html`<p class="card">${data.file ? html`They are changed in <code>${data.file}</code>` : html`No file was read: every setting is at its default. They are changed in a file <code>guidepost.yaml</code>`},
      not here. After an edit <code>guidepost check</code> says whether it is right, and <code>systemctl reload guidepost</code> (or <code>kill -HUP</code>) brings it into force; a few, such as
      addresses, wait for a restart, and the log says so. Secrets are in files of their own: only where they are is shown.</p>
    <${Visitors} value=${value} starters=${data.starters}/>
    <section class="card"><div class="head"><h2>All of them</h2></div>
      <div class="fields"><${Field} label="Find" type="search" value=${text} onInput=${(e) => set_text(e.target.value)}/>
        <label class="check"><input type="checkbox" checked=${all} onChange=${() => set_all(!all)}/> Also those at their default</label></div>
      <${Table} label="Settings" head=${['Setting', 'Value', 'From', 'What it is']} empty=${text ? 'No setting fits these words.' : 'All settings are at their default.'}
        rows=${shown.map((s) => ({key: s.name, cells: [html`<code>${s.name}</code>`, s.value === '' ? html`<span class="soft">empty</span>` : html`<code>${s.value}</code>`, source(s), s.help]}))}/></section>`}`;
}

export default Page;
