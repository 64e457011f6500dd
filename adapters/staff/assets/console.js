/* console.js: the console of the staff: who is there, which page, and what all pages have around them. A page is a module of
 * page/, and a line in page/list.js; it comes when it is opened, with its half of the console. */
import './part/all.js';
import {html, render, useEffect, useLayoutEffect, useRef, useState} from './part/preact.js';
import {me, can, isOut, onMe, start, logout} from './part/api.js';
import {useRoute, link, go} from './part/route.js';
import {Button, Empty, Head, Problem, Toast, undo_last} from './part/ui.js';
import {useKeys, KeyHelp} from './part/keys.js';
import {Login, LoginAgain} from './part/login.js';
import {groups} from './page/list.js';

const pages = groups.flatMap(([, list]) => list);
const HOME = pages[0].name;

function Nav({now, shown, onKeys}) {
  return html`<nav aria-label="Pages" id="nav" class=${shown ? 'shown' : ''}>
    ${groups.map(([name, list]) => {
      const mine = list.filter((p) => can(p.role));
      return mine.length > 0 && html`<h2>${name}</h2><ul>${mine.map((p) => html`<li><a href=${link(p.name)}
        aria-current=${p.name === now ? 'page' : undefined}>${p.title}</a></li>`)}</ul>`;
    })}
    <div class="me"><p>${me().name} <span class="soft">${me().role}</span></p>
      <${Button} small quiet onClick=${onKeys}>Keys<//><${Button} small quiet onClick=${logout}>Log out<//></div>
  </nav>`;
}

/* The page itself, once its half of the console is there; with the focus on its heading, unless it is the first one. */
function Opened({page, first}) {
  const [Page, set] = useState(null), [error, set_error] = useState(null), [began] = useState(first);
  const load = () => page.from().then((m) => set(() => m.default[page.name]), () => set_error({title:
    'This page could not be loaded. Is the network there? If the program was updated a moment ago, reload the page.'}));
  useEffect(() => {
    load();
  }, []);
  useLayoutEffect(() => {
    if (Page && !began)
      document.querySelector('main h1')?.focus();
  }, [Page]);
  if (Page)
    return html`<${Page}/>`;
  return html`<${Head} title=${page.title}/><${Problem} error=${error} onRetry=${() => {
    set_error(null);
    load();
  }}/>`;
}

function Shown({page, first}) {
  if (!page)
    return html`<${Head} title="There is no such page"/>
      <${Empty} title="The address is wrong, or from another version."><a href=${link(HOME)}>To the questions</a><//>`;
  if (!can(page.role))
    return html`<${Head} title=${page.title}/>
      <${Empty} title=${`This page is for the role ${page.role}.`}>Yours is ${me().role}. Somebody with the role admin can change that.<//>`;
  if (me().must && page.name !== 'account')
    return html`<${Head} title=${page.title}/>
      <${Empty} title="Your role needs a second factor."><a href=${link('account')}>Set it up</a>, and everything is here.<//>`;
  return html`<${Opened} page=${page} first=${first}/>`;
}

function Inside() {
  const name = useRoute() || HOME, page = pages.find((p) => p.name === name);
  const [menu, set_menu] = useState(false), [help, set_help] = useState(false), first = useRef(true);
  useLayoutEffect(() => {
    document.title = `${page ? page.title : 'No such page'} · Guidepost staff`;
    set_menu(false);
  }, [name]);
  useEffect(() => {
    first.current = false;
  }, [name]);
  const keys = {'?': () => set_help(true), u: () => undo_last.current?.()};
  const words = {'?': 'this help', u: 'undo, for ten seconds'};
  for (const p of pages)
    if (p.key && can(p.role)) {
      keys['g ' + p.key] = () => go(link(p.name));
      words['g ' + p.key] = `to the page ${p.title}`;
    }
  useKeys(keys, words);
  return html`<a class="skip" href="#main" onClick=${(e) => {
    e.preventDefault();
    document.querySelector('main h1')?.focus();
  }}>To the content</a>
    <header><${Button} quiet class="burger" aria-expanded=${menu ? 'true' : 'false'} aria-controls="nav"
      onClick=${() => set_menu(!menu)}>☰<span class="sr"> Pages</span><//><a class="brand" href=${link(HOME)}>Guidepost</a></header>
    <${Nav} now=${name} shown=${menu} onKeys=${() => set_help(true)}/>
    <main id="main" key=${name} class=${'page-' + name}><${Shown} page=${page} first=${first.current}/></main>
    ${help && html`<${KeyHelp} onClose=${() => set_help(false)}/>`}<${Toast}/>`;
}

function Console() {
  const [, again] = useState(0), [error, set_error] = useState(null), [ready, set_ready] = useState(false);
  const begin = () => start().then(() => set_ready(true), set_error);
  useEffect(() => {
    begin();
    return onMe(() => again((n) => n + 1));
  }, []);
  if (error)
    return html`<main class="door"><h1>Guidepost staff</h1><${Problem} error=${error} onRetry=${() => {
      set_error(null);
      begin();
    }}/></main>`;
  if (!me())
    return isOut() ? html`<${Login}/>` : html`<main class="door" aria-busy=${!ready}><h1>Guidepost staff</h1></main>`;
  return html`<${Inside}/>${isOut() && html`<${LoginAgain}/>`}`;
}

render(html`<${Console}/>`, document.getElementById('console'));
