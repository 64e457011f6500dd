/* users.js: the staff, and the keys of its programs. */
import {html, useState} from '../part/preact.js';
import {post, me} from '../part/api.js';
import {link} from '../part/route.js';
import {Head, Button, Choice, Dialog, Field, Problem, Table, Tag, browser, toast, useData, when} from '../part/ui.js';
import {Tokens} from '../part/tokens.js';

const ROLES = [['viewer', 'viewer: reads'], ['agent', 'agent: also triages and talks to visitors'], ['editor', 'editor: also writes and publishes answers'],
  ['admin', 'admin: also users, settings, erasing']];
const PASSWORD = {label: 'Password', name: 'password', type: 'password', required: true, minlength: 8, autocomplete: 'new-password',
  hint: '8 characters or more. Whoever gets it can change it under My account.'};

/* what: as POST user has it; name: of whom, or null for a new one. */
function Act({what, user, onDone, onClose}) {
  const [role, set_role] = useState(user?.role || 'agent'), [error, set_error] = useState(null), [busy, set_busy] = useState(false);
  const [title, label] = {
    add: ['New user', 'Add'], role: [`Another role for ${user?.name}`, 'Change it'], password: [`Another password for ${user?.name}`, 'Set it'],
    factor: [`Take away ${user?.name}'s second factor?`, 'Take it away'], remove: [`Remove ${user?.name}?`, 'Remove'],
  }[what];
  const submit = (e) => {
    e.preventDefault();
    if (busy)
      return;
    set_busy(true);
    post('user', {what, name: user?.name, ...Object.fromEntries(new FormData(e.target)), role}).then(() => onDone(what, user), set_error)
      .finally(() => set_busy(false));
  };
  const danger = what === 'remove' || what === 'factor';
  return html`<${Dialog} title=${title} onClose=${onClose}><form onSubmit=${submit}><${Problem} error=${error}/>
    ${what === 'add' && html`<${Field} label="Name" name="name" required maxlength="64" autocapitalize="none" spellcheck=${false} hint="a-z, 0-9, and . _ - @, as an account or an e-mail address"/>`}
    ${(what === 'add' || what === 'role') && html`<${Choice} label="Role" options=${ROLES} value=${role} onChange=${set_role}/>`}
    ${what === 'role' && html`<p class="soft">${user.name} has to log in again.</p>`}
    ${(what === 'add' || what === 'password') && html`<${Field} ...${PASSWORD}/>`}
    ${what === 'factor' && html`<p>For who has lost the phone and the recovery codes. The password alone is enough then; be sure that it is really ${user.name} who asks.</p>`}
    ${what === 'remove' && html`<p>Sessions and tokens end at once. What ${user.name} did stays in the audit.</p>`}
    <p class="actions"><${Button} onClick=${onClose}>Cancel<//><${Button} go=${!danger} danger=${danger} type="submit" busy=${busy}>${label}<//></p></form><//>`;
}

function Sessions({user, onClose}) {
  const {data, error, reload} = useData('sessions', {user: user.name});
  const end = (id) => post('session-end', {id}).then(reload, reload);
  return html`<${Dialog} wide title=${`Sessions of ${user.name}`} onClose=${onClose}><${Problem} error=${error} onRetry=${reload}/>
    ${data && html`<${Table} label="Sessions" empty="Nobody of that name is logged in." head=${['Browser', 'Began', 'Last used', '']} rows=${data.sessions.map((s) => ({key: s.id, cells: [
      browser(s.agent), when(s.at), when(s.used), s.current ? html`<${Tag} tone="good">this one<//>`
      : html`<${Button} small danger onClick=${() => end(s.id)}>End<span class="sr"> that session</span><//>`]}))}/>`}<//>`;
}

const DONE = {add: 'Added', role: 'Changed', password: 'The password is set', factor: 'The second factor is gone', remove: 'Removed'};

function Page() {
  const {data, error, reload} = useData('users'), [dialog, set_dialog] = useState(null);
  const act = (what, user) => () => set_dialog({what, user});
  const done = (what, user) => {
    toast(user ? `${DONE[what]}: ${user.name}.` : `${DONE[what]}.`);
    set_dialog(null);
    reload();
  };
  return html`<${Head} title="Users and tokens"><${Button} go onClick=${act('add', null)}>New user<//><//>
    <${Problem} error=${error} onRetry=${reload}/>
    ${data && html`<section class="card"><h2>Users</h2>
      ${data.factor_from && html`<p class="soft">From the role ${data.factor_from} on a second factor is needed (staff.second_factor).</p>`}
      <${Table} label="Users" head=${['Name', 'Role', 'Comes in with', 'Last seen', '']} empty="There is no user."
      rows=${data.users.map((u) => ({key: u.name, cells: [html`<a href=${link('audit', {actor: u.name})}>${u.name}</a> ${u.name === me().name && html`<${Tag}>you<//>`}`,
        html`<${Tag}>${u.role}<//>`, u.proxy ? 'sign-on' : u.factor ? 'password and code' : 'password',
        u.sessions ? html`<${Button} small onClick=${act('sessions', u)}>${u.sessions} session${u.sessions === 1 ? '' : 's'}<//> ${when(u.used)}` : 'not logged in',
        html`<span class="row"><${Button} small onClick=${act('role', u)}>Role<span class="sr"> of ${u.name}</span><//>
          ${!u.proxy && html`<${Button} small onClick=${act('password', u)}>Password<span class="sr"> of ${u.name}</span><//>`}
          ${u.factor && html`<${Button} small onClick=${act('factor', u)}>Reset code<span class="sr"> of ${u.name}</span><//>`}
          <${Button} small danger onClick=${act('remove', u)}>Remove<span class="sr"> ${u.name}</span><//></span>`]}))}/></section>`}
    <${Tokens}/>
    ${dialog?.what === 'sessions' ? html`<${Sessions} user=${dialog.user} onClose=${() => set_dialog(null)}/>`
    : dialog && html`<${Act} ...${dialog} onDone=${done} onClose=${() => set_dialog(null)}/>`}`;
}

export default Page;
