/* api.js: what the console asks of the program (adapters/staff/README.md), and who is asking.
 *
 * A request that comes back with 401 waits until somebody has logged in, and goes out again: what was typed is not lost because
 * a session ended. If it is somebody else who logs in, the page starts anew, so that nobody sees what another one opened. */

const ROLES = ['viewer', 'agent', 'editor', 'admin'];

let who = null; /* {name, role} */
let csrf = '';
let waiting = null; /* {promise, go} while nobody is logged in */
const watchers = new Set();

const problem = (status, code, title, wait) => Object.assign(new Error(title), {status, code, title, wait});

export const me = () => who;
export const token = () => csrf; /* for what is no request: part/live.js */
export const can = (role) => !!who && ROLES.indexOf(who.role) >= ROLES.indexOf(role);
export const isOut = () => !!waiting;

/* fn() when who is logged in has changed; returns what ends that. */
export function onMe(fn) {
  watchers.add(fn);
  return () => watchers.delete(fn);
}
const changed = () => watchers.forEach((fn) => fn());

async function request(method, path, body) {
  const headers = {Accept: 'application/json'};
  if (body)
    Object.assign(headers, {'Content-Type': 'application/json', 'X-CSRF-Token': csrf});
  const reply = await fetch('/staff/api/' + path, {method, headers, body: body && JSON.stringify(body), cache: 'no-store', redirect: 'manual'})
    .catch(() => { throw problem(0, 'offline', 'The program cannot be reached. Is the network there? Nothing was changed; try again.'); });
  const object = await reply.json().catch(() => null);
  /* nothing of ours leads elsewhere: a server in front wants to see its own login again */
  if (reply.type === 'opaqueredirect' || signs_on && reply.status === 401 && !object?.code)
    throw problem(0, 'front', 'Your sign-on has ended. Open the console in a second tab and sign on there, then try again here: what you typed is kept.');
  if (reply.ok && !object)
    throw problem(reply.status, 'broken', 'The answer of the program cannot be read. Reload the page; if that does not help, tell whoever runs it.');
  if (!reply.ok)
    throw problem(reply.status, object?.code || 'http', object?.title || `The program answered ${reply.status}.`,
      +reply.headers.get('Retry-After') || 0);
  return object;
}

/* Who is it? Null: nobody. */
async function ask() {
  try {
    const {csrf: token, ...rest} = await request('GET', 'me');
    csrf = token;
    return rest;
  } catch (e) {
    if (e.status === 401)
      return null;
    throw e;
  }
}

/* Where a server in front says who it is there is nothing to type. */
const signs_on = document.documentElement.dataset.signOn === 'yes';
async function sign_on() {
  await request('POST', 'login', {});
  return ask();
}

function await_login() {
  if (!waiting) {
    waiting = {};
    waiting.promise = new Promise((go) => waiting.go = go);
    changed();
  }
  return waiting.promise;
}

async function call(method, path, body) {
  for (let again = true; ; again = false)
    try {
      return await request(method, path, body);
    } catch (e) {
      const token = csrf;
      if (e.status === 401 && signs_on && again) {
        const now = await sign_on();
        if (who && now?.name !== who.name)
          location.reload();
      } else if (e.status === 401 && !signs_on)
        await await_login();
      else if (!again || e.code !== 'foreign' || !await ask() || token === csrf)
        throw e; /* another tab may have logged in since: then there is a new token */
    }
}

const query = (params) => {
  const q = new URLSearchParams(Object.entries(params || {}).filter(([, v]) => v !== undefined && v !== null && v !== ''));
  return q.size ? '?' + q : '';
};
export const get = (name, params) => call('GET', name + query(params));
export const post = (name, body = {}) => call('POST', name, body);
/* For a link to something that is kept as a file. */
export const file = (name, params) => '/staff/api/' + name + query(params);

/* ---- coming and going ---- */

export async function start() {
  who = await ask() || signs_on && await sign_on();
  if (!who)
    await_login();
  changed();
}

/* Something about who is there has changed: a second factor. */
export async function refresh() {
  who = await ask() || who;
  changed();
}

/* Throws what is wrong; `code` "cookie": the browser does not keep it. */
export async function login(body) {
  await request('POST', 'login', body);
  const now = await ask();
  if (!now)
    throw problem(0, 'cookie', 'Your browser did not keep the login cookie.');
  if (who && who.name !== now.name) {
    location.reload();
    return;
  }
  who = now;
  waiting?.go();
  waiting = null;
  changed();
}

export async function logout() {
  await request('POST', 'logout', {}).catch((e) => { if (e.status !== 401) throw e; });
  location.assign('/staff/');
}
