/* tokens.js: keys for programs: the list, a new one, revoking. One's own, and for admins everybody's: the program knows which. */
import {html, useState} from './preact.js';
import {post, can, me} from './api.js';
import {Button, Dialog, Field, Choice, Problem, Table, Tag, toast, useData, when} from './ui.js';
import {Copy} from './save.js';

const SCOPES = [
  ['read', 'what pages show: queue, answers, figures, conversations', 'viewer'],
  ['tickets', 'triage: claim, note, close, talk to visitors', 'agent'],
  ['answers', 'write and publish answers and synonyms', 'editor'],
  ['export', 'take away what was asked and answered, and the audit', 'viewer'],
  ['admin', 'users, settings, erasing', 'admin'],
];
const DAYS = [['7', 'a week'], ['30', '30 days'], ['90', '90 days'], ['366', 'a year']];

function Made({token, onClose}) {
  return html`<${Dialog} title="The new token" onClose=${onClose}>
    <p>This is the only time that it is shown. Keep it like a password, and send it as <code>Authorization: Bearer</code>, never in an address.</p>
    <p class="secret"><code>${token}</code> <${Copy} text=${token} what="the token"/></p>
    <p class="actions"><${Button} go onClick=${onClose}>Done<//></p><//>`;
}

function New({onMade, onClose}) {
  const [name, set_name] = useState(''), [scopes, set_scopes] = useState(['read']), [days, set_days] = useState('90');
  const [error, set_error] = useState(null), [busy, set_busy] = useState(false);
  const submit = (e) => {
    e.preventDefault();
    set_busy(true);
    post('token-add', {name, scopes: scopes.join(','), days: +days}).then((r) => onMade(r.token), set_error).finally(() => set_busy(false));
  };
  return html`<${Dialog} title="New token" onClose=${onClose}><form onSubmit=${submit}><${Problem} error=${error}/>
    <${Field} label="What is it for?" hint="Whoever has to revoke the right one will read this." value=${name} maxlength="80" required
      onInput=${(e) => set_name(e.target.value)}/>
    <fieldset><legend>What may it do?</legend>${SCOPES.filter(([, , role]) => can(role)).map(([scope, text]) => html`<label class="check">
      <input type="checkbox" checked=${scopes.includes(scope)} onChange=${() =>
        set_scopes(scopes.includes(scope) ? scopes.filter((s) => s !== scope) : [...scopes, scope])}/><span><b>${scope}</b> ${text}</span></label>`)}</fieldset>
    <${Choice} label="How long?" options=${DAYS} value=${days} onChange=${set_days}/>
    <p class="actions"><${Button} go type="submit" busy=${busy}>Make it<//></p></form><//>`;
}

export function Tokens() {
  const {data, error, reload} = useData('tokens'), [dialog, set_dialog] = useState(null), [token, set_token] = useState('');
  const [failed, set_failed] = useState(null);
  const revoke = (t) => post('token-revoke', {id: t.id}).then(() => {
    toast(`Revoked: ${t.name}.`);
    set_dialog(null);
    reload();
  }, set_failed);
  return html`<section class="card"><div class="head"><h2>Tokens for programs</h2>
      <div class="actions"><${Button} onClick=${() => set_dialog('new')}>New token<//></div></div>
    <${Problem} error=${error || failed} onRetry=${error && reload}/>
    ${data && html`<${Table} label="Tokens" empty="There is none. A program needs one to use what this console uses." head=${['For', 'Whose', 'May', 'Last used', 'Ends', '']}
      rows=${data.tokens.map((t) => ({key: t.id, cells: [html`${t.name} ${t.leaked > 0 && html`<${Tag} tone="bad">stood in an address: revoke it<//>`}`,
        t.user, t.scopes.split(',').map((s) => html`<${Tag}>${s}<//>`), t.used ? when(t.used) : 'never',
        t.expires < Date.now() ? html`<${Tag} tone="warn">over<//>` : when(t.expires),
        html`<${Button} small danger onClick=${() => set_dialog(t)}>Revoke<span class="sr"> ${t.name}</span><//>`]}))}/>`}
    ${dialog === 'new' && html`<${New} onClose=${() => set_dialog(null)} onMade=${(t) => {
      set_token(t);
      set_dialog('made');
      reload();
    }}/>`}
    ${dialog === 'made' && html`<${Made} token=${token} onClose=${() => {
      set_token('');
      set_dialog(null);
    }}/>`}
    ${dialog?.id && html`<${Dialog} title="Revoke this token?" onClose=${() => set_dialog(null)}>
      <p>Whatever uses <b>${dialog.name}</b>${dialog.user === me().name ? '' : ` of ${dialog.user}`} stops working at once.</p>
      <p class="actions"><${Button} onClick=${() => set_dialog(null)}>Keep it<//><${Button} danger onClick=${() => revoke(dialog)}>Revoke<//></p><//>`}
  </section>`;
}
