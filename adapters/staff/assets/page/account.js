/* account.js: one's own account: password, second factor, sessions, tokens. What changes how one gets in asks for the password again. */
import {html, useState} from '../part/preact.js';
import {post, me, refresh} from '../part/api.js';
import {Head, Button, Dialog, Field, Problem, Table, Tag, browser, toast, useData, when} from '../part/ui.js';
import {Copy} from '../part/save.js';
import {Tokens} from '../part/tokens.js';

const fields = (form) => Object.fromEntries(new FormData(form));

/* A form that posts its fields to `name`. */
function Ask({name, label, danger, onDone, children}) {
  const [error, set_error] = useState(null), [busy, set_busy] = useState(false);
  const submit = (e) => {
    e.preventDefault();
    if (busy)
      return;
    set_busy(true);
    set_error(null);
    post(name, fields(e.target)).then(onDone, set_error).finally(() => set_busy(false));
  };
  return html`<form onSubmit=${submit}><${Problem} error=${error}/>${children}
    <p class="actions"><${Button} go=${!danger} danger=${danger} type="submit" busy=${busy}>${label}<//></p></form>`;
}

const Password = (props) => html`<${Field} label="Your password" name="password" type="password" required autocomplete="current-password" ...${props}/>`;

/* ---- the second factor ---- */

/* Dark squares as one path; four light ones around it belong to the code. */
function Qr({rows}) {
  const d = rows.map((row, y) => [...row.matchAll(/1+/g)].map((m) => `M${m.index} ${y}h${m[0].length}v1h-${m[0].length}z`).join('')).join('');
  return html`<svg class="qr" viewBox=${`-4 -4 ${rows.length + 8} ${rows.length + 8}`} role="img" aria-label="QR code of the secret"><path d=${d}/></svg>`;
}

function Codes({codes, onClose}) {
  return html`<p>Each of these lets you in once when your phone is not at hand. They are shown now and never again: print them, or keep
      them where you keep passwords.</p>
    <pre class="codes">${codes.join('\n')}</pre>
    <p class="actions"><${Copy} text=${codes.join('\n')} what="the recovery codes"/><${Button} go onClick=${onClose}>I have kept them<//></p>`;
}

/* what: "begin", "codes" or "remove". */
function Factor({what, onClose}) {
  const [begun, set_begun] = useState(null), [codes, set_codes] = useState(null);
  const title = {begin: 'Set up a second factor', codes: 'New recovery codes', remove: 'Take away the second factor'}[what];
  const got = (r) => {
    refresh();
    set_codes(r.codes);
  };
  const body = codes ? html`<${Codes} codes=${codes} onClose=${onClose}/>`
    : begun ? html`<p>Scan this with an authenticator app, or type the secret into it. Then enter the six digits that it shows.</p>
      ${begun.qr && html`<${Qr} rows=${begun.qr}/>`}
      <p class="secret"><code>${begun.secret}</code> <${Copy} text=${begun.secret.replaceAll(' ', '')} what="the secret"/></p>
      <p class="soft"><a href=${begun.uri}>Open it in an app on this device</a></p>
      <${Ask} key="code" name="factor-confirm" label="Confirm" onDone=${got}>
        <${Field} label="Code of now" name="code" required autocomplete="one-time-code" inputmode="numeric" autofocus/><//>`
    : what === 'begin' ? html`<${Ask} key="begin" name="factor-begin" label="Go on" onDone=${set_begun}><${Password}/><//>`
    : what === 'codes' ? html`<p>The ones you have stop working.</p><${Ask} name="factor-codes" label="Make new ones" onDone=${got}><${Password}/><//>`
    : html`<p>Then your password alone is enough to come in.</p><${Ask} name="factor-remove" label="Take it away" danger onDone=${() => {
      toast('Your password is enough again.');
      refresh();
      onClose();
    }}><${Password}/><//>`;
  return html`<${Dialog} title=${title} onClose=${onClose}>${body}<//>`;
}

function Second({data, onAct}) {
  return html`<section class="card"><div class="head"><h2>Second factor</h2><div class="actions">
      ${data.factor ? html`<${Button} onClick=${() => onAct('codes')}>New recovery codes<//><${Button} onClick=${() => onAct('begin')}>Another phone<//>
        ${!data.required && html`<${Button} danger onClick=${() => onAct('remove')}>Take it away<//>`}`
      : html`<${Button} go=${data.required} onClick=${() => onAct('begin')}>Set it up<//>`}</div></div>
    <p>${data.factor ? html`<${Tag} tone="good">on<//> At each login you are asked for a code of your authenticator app. ${data.codes} recovery
      code${data.codes === 1 ? ' is' : 's are'} left.`
    : data.required ? html`<${Tag} tone="bad">needed<//> Your role needs one: until it is set up you can do nothing else here.`
    : html`<${Tag}>off<//> With one, somebody who has your password still cannot come in.`}</p></section>`;
}

/* ---- the page ---- */

const hours = (ms) => ms >= 3_600_000 ? `${ms / 3_600_000} hours` : `${ms / 60_000} minutes`;

function Sessions({data, onEnd}) {
  return html`<section class="card"><div class="head"><h2>Sessions</h2><div class="actions">
      ${data.sessions.length > 1 && html`<${Button} onClick=${() => onEnd({which: 'others'})}>End all others<//>`}</div></div>
    <p class="soft">A session ends after ${hours(data.idle)} without use, and after ${hours(data.most)} in any case.</p>
    <${Table} label="Sessions" head=${['Browser', 'Began', 'Last used', 'Ends', '']} rows=${data.sessions.map((s) => ({key: s.id, cells: [
      html`${browser(s.agent)} ${s.current && html`<${Tag} tone="good">this one<//>`}`, when(s.at), when(s.used), when(Math.min(s.at + data.most, s.used + data.idle)),
      !s.current && html`<${Button} small danger onClick=${() => onEnd({id: s.id})}>End<span class="sr"> that session</span><//>`]}))}/></section>`;
}

function Page() {
  const {data, error, reload} = useData('account'), [dialog, set_dialog] = useState(null), [failed, set_failed] = useState(null);
  const end = (body) => post('session-end', body).then(() => {
    toast('Ended.');
    reload();
  }, set_failed);
  const close = () => {
    set_dialog(null);
    reload();
  };
  return html`<${Head} title="My account" note=${`${me().name}, ${me().role}`}/>
    <${Problem} error=${error || failed} onRetry=${error && reload}/>
    ${data && (data.proxy ? html`<section class="card"><h2>Password</h2><p>You sign on with the account of your organisation; password and second factor are there.</p></section>`
    : html`<${Second} data=${data} onAct=${set_dialog}/>
      <section class="card"><div class="head"><h2>Password</h2><div class="actions"><${Button} onClick=${() => set_dialog('password')}>Change it<//></div></div>
        <p>When it is changed, all your other sessions end.</p></section>`)}
    ${data && html`<${Sessions} data=${data} onEnd=${end}/>`}
    ${data && !me().must && html`<${Tokens}/>`}
    ${dialog === 'password' && html`<${Dialog} title="Another password" onClose=${close}><${Ask} name="password" label="Change it" onDone=${() => {
      toast('Your password is changed; other sessions have ended.');
      close();
    }}><input type="text" name="user" value=${me().name} autocomplete="username" hidden readonly/><${Password}/>
      <${Field} label="The new one" name="next" type="password" required minlength="8" autocomplete="new-password" hint="8 characters or more"/><//><//>`}
    ${['begin', 'codes', 'remove'].includes(dialog) && html`<${Factor} what=${dialog} onClose=${close}/>`}`;
}

export default Page;
