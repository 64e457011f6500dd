/* login.js: the door, and the same as a dialog when a session has ended and the page behind it still holds what somebody wrote. Names
 * and passwords may be pasted, and password managers find their fields (WCAG 3.3.8). */
import {html, useState} from './preact.js';
import {login, me} from './api.js';
import {Button, Dialog, Field} from './ui.js';

const COOKIE = `Your name and password are right, but your browser did not keep the login cookie. It keeps it over https, and without
  https only on the machine itself, at http://127.0.0.1 or http://localhost. Open the console at its https address; whoever runs it: put a
  proxy with TLS in front (README.md), or come through an SSH tunnel to 127.0.0.1. If the address is right, cookies are blocked for it.`;

function Form({name}) {
  const [busy, set_busy] = useState(false), [error, set_error] = useState(null), [code, set_code] = useState(false);
  const submit = async (e) => {
    e.preventDefault();
    if (busy)
      return;
    const form = e.target, body = Object.fromEntries([...new FormData(form)].filter(([, v]) => v));
    set_busy(true);
    set_error(null);
    try {
      await login(body);
    } catch (x) {
      if (x.code === 'totp' || x.code === 'totp_wrong')
        set_code(true);
      set_error(x.code === 'cookie' ? COOKIE : x.wait ? `${x.title} (${x.wait} s).` : x.code === 'totp' ? '' : x.title);
      set_busy(false);
      requestAnimationFrame(() => form.querySelector(x.code?.startsWith('totp') ? '[name=totp]' : '[name=password]')?.focus());
    }
  };
  return html`<form onSubmit=${submit}>
    <${Field} label="Name" name="name" required autocomplete="username" autocapitalize="none" spellcheck=${false} defaultValue=${name}/>
    <${Field} label="Password" name="password" type="password" required autocomplete="current-password"/>
    ${code && html`<${Field} label="Code from your authenticator, or a recovery code" name="totp" required autocomplete="one-time-code" inputmode="text"/>`}
    ${error && html`<p class="wrong" role="alert">${error}</p>`}
    <p class="actions"><${Button} go type="submit" busy=${busy}>${busy ? 'Logging in' : 'Log in'}<//></p>
  </form>`;
}

export const Login = () => html`<main class="door"><h1>Guidepost staff</h1><${Form}/>
  <p class="soft">Accounts are made by whoever runs the program: <code>guidepost user add</code></p></main>`;

export const LoginAgain = () => html`<${Dialog} title="Your session has ended" onClose=${() => {}}>
  <p>Log in again, and you can go on where you were.</p><${Form} name=${me().name}/><//>`;
