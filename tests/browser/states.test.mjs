/* Every state of the chat and of its pages, in every size and look: no rule of accessibility broken, nothing sticking out.
 * With GUIDEPOST_SHOTS=FOLDER each leaves a picture there, to be looked at by somebody. */
import {test} from 'node:test';
import {context, page, program, chat, ask, question, accessible, fits, shot, quiet, sleep, VIEWPORTS, ENTRY} from './harness.mjs';

const p = await program('  origins: ["https://school.example"]\n');
const closed = await program('staff: {hours: [Mon 00:00-00:01], holidays: [2020-01-01..2099-01-01]}\n');

const LOOKS = [
  ['light', {}, ['narrow', 'phone', 'desktop']],
  ['dark', {colorScheme: 'dark'}, ['phone', 'desktop']],
  ['contrast', {forcedColors: 'active'}, ['phone']],
  ['moving', {reducedMotion: 'no-preference'}, ['phone']],
  ['arabic', {locale: 'ar'}, ['narrow', 'desktop']],
  ['large', {}, ['narrow', 'phone']], /* 200 % text */
];

/* Each begins where the one before it ended. */
const STATES = {
  start: async () => {},
  ahead: async (tab) => {
    await tab.type('#q', 'how deep');
    await tab.waitForSelector('#ahead [role=option]');
    await tab.press('#q', 'ArrowDown');
  },
  answer: async (tab) => {
    await tab.press('#q', 'Escape');
    await ask(tab, question(0));
  },
  table: (tab) => ask(tab, 'Which boats may I rent on the lakes?'),
  why: async (tab) => {
    await tab.click('.thumb[data-v="-1"] >> nth=-1');
    await tab.waitForSelector('.why:not([hidden])');
  },
  none: (tab) => ask(tab, 'zygomorphic quasars'),
  unsure: (tab) => ask(tab, 'how deep'),
  queued: async (tab) => {
    await tab.click('.person >> nth=-1');
    await tab.waitForSelector('.note');
  },
  menu: (tab) => tab.click('#menu summary'),
  erase: async (tab) => {
    await tab.click('#menu button >> nth=-1');
    await tab.waitForSelector('dialog[open]');
  },
  offline: async (tab) => {
    await tab.click('dialog button >> nth=0');
    await tab.evaluate(async () => { /* the words as the page has them; what brings them there is tested in page.test.mjs */
      const words = await (await fetch(document.getElementById('words').href)).json();
      document.getElementById('state').textContent = words.offline;
    });
  },
  nobody: async (tab, look) => {
    await chat(tab, closed.url);
    await enlarge(tab, look);
    await ask(tab, 'zygomorphic quasars');
    await tab.click('.person');
    await tab.waitForSelector('.mail');
  },
};

const PAGES = {entry: `/a/${ENTRY}`, list: '/a/', search: '/search?q=lake+boats', nothing: '/search?q=zygomorphic', gone: '/a/no-such', config: '/config/', docs: '/docs'};

const enlarge = (tab, look) => look === 'large' && tab.evaluate(() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('html { font-size: 200% }');
  document.adoptedStyleSheets = [sheet];
});

for (const [look, options, sizes] of LOOKS)
  for (const size of sizes) {
    test(`chat, ${look}, ${size}`, async () => {
      const tab = await page(await context({...VIEWPORTS[size], ...options}));
      await chat(tab, p.url);
      await enlarge(tab, look);
      for (const [state, go] of Object.entries(STATES)) {
        await go(tab, look);
        await sleep(look === 'moving' ? 300 : 30);
        const name = `${state}-${look}-${size}`;
        await shot(tab, name);
        await fits(tab, name);
        await accessible(tab, name);
      }
      quiet(tab);
    });
    test(`pages, ${look}, ${size}`, async () => {
      const tab = await page(await context({...VIEWPORTS[size], ...options}), /404/);
      for (const [name, path] of Object.entries(PAGES)) {
        await tab.goto(p.url + path);
        await enlarge(tab, look);
        const state = `page-${name}-${look}-${size}`;
        await shot(tab, state);
        await fits(tab, state);
        await accessible(tab, state);
      }
      quiet(tab);
    });
  }
