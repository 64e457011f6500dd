/* Figures and clusters with a month of questions behind them: each picture has a table with the same numbers, each bar is a link to as
 * many questions as it says, by keys, too; clusters are put together and taken apart. */
import {test} from 'node:test';
import assert from 'node:assert/strict';
import {quiet, until} from './harness.mjs';
import {api, console_of, look, month_desk, ready, sound} from './staff.mjs';

const p = await month_desk(1500);
const first_number = (s) => +s.replace(/,/g, '').match(/: (\d+)/)[1];
const number = (s) => +s.replace(/[^\d.]/g, '');

/* What is counted is counted in the background; the page asks until it is there. */
async function open(tab, at, what) {
  await tab.goto(`${p.url}/staff/${at}`);
  await tab.waitForSelector(what, {timeout: 60_000});
  await ready(tab);
}
const chart = (tab, title) => tab.locator('.chart', {has: tab.getByRole('heading', {name: title, exact: true})});
const total = async (tab) => {
  await tab.waitForSelector('.page-questions .head p');
  return number((await tab.textContent('.page-questions .head p')).split(' question')[0]);
};

test('each picture has its numbers as a table', async () => {
  const tab = await console_of(p, 'vera');
  await open(tab, 'insights', '.charts .bars a');
  const charts = tab.locator('.chart');
  assert.equal(await charts.count(), 9);
  for (let i = 0; i < 9; i++) {
    const one = charts.nth(i), rows = one.locator('.twin tbody tr');
    await one.locator('summary').click();
    assert.ok(await rows.count() > 0, await one.locator('h2').textContent());
    assert.ok(await one.getByRole('link', {name: 'Download as CSV'}).isVisible());
  }
  /* columns: the name that a screen reader hears, and the row */
  for (const title of ['How much is answered?', 'Do our changes help?', 'Is it fast?', 'How long do people wait for a person?', 'Can we trust the confidence?']) {
    const links = await chart(tab, title).locator('.canvas a').count(), rows = await chart(tab, title).locator('.twin tbody tr').count();
    assert.equal(links, rows, title);
  }
  const days = chart(tab, 'How much is answered?');
  const said = await days.locator('.canvas a').evaluateAll((all) => all.map((a) => a.getAttribute('aria-label')));
  const rows = await days.locator('.twin tbody tr').evaluateAll((all) => all.map((r) => [...r.cells].map((c) => c.textContent)));
  said.forEach((label, i) => {
    assert.ok(label.startsWith(rows[i][0]), label);
    assert.equal(first_number(label), number(rows[i][1]), label);
    assert.equal(rows[i].slice(2).reduce((a, n) => a + number(n), 0), number(rows[i][1]), 'the parts of ' + rows[i][0]);
  });
  const hours = chart(tab, 'When to be there?');
  const cells = await hours.locator('.canvas a[tabindex]').evaluateAll((all) => all.map((a) => a.getAttribute('aria-label')));
  const table = await hours.locator('.twin tbody tr').evaluateAll((all) => all.map((r) => [...r.cells].slice(1).map((c) => +c.textContent.replace(/,/g, ''))));
  assert.equal(cells.length, 7 * 24);
  cells.forEach((label, i) => assert.equal(+label.replace(/,/g, '').match(/:00: (\d+)/)[1], table[i % 24][Math.floor(i / 24)], label));
  await sound(tab, 'insights-open');
  quiet(tab);
});

test('a bar leads to as many questions as it says, by mouse and by keys', async () => {
  const tab = await console_of(p, 'vera');
  await open(tab, 'insights?days=14', '.charts .bars a');
  const bar = chart(tab, 'How much is answered?').locator('.canvas a').nth(5), label = await bar.getAttribute('aria-label');
  await bar.focus();
  await tab.keyboard.press('Enter');
  await tab.waitForSelector('.page-questions table');
  assert.equal(await total(tab), first_number(label));
  await tab.goBack();
  await tab.waitForSelector('.charts .bars a');
  for (const [title, row, column] of [['Can we trust the confidence?', 9, 1], ['When to be there?', 10, 1], ['Which page needs work?', 0, 1], ['Where do people get to?', 1, 1], ['What to write next?', 0, 1]]) {
    const one = chart(tab, title);
    await one.locator('summary').click();
    const link = one.locator('.twin tbody tr').nth(row).locator('td a').nth(column - 1), n = number(await link.textContent());
    await link.click();
    await tab.waitForSelector('.page-questions .head p');
    assert.equal(await total(tab), n, title);
    const shown = await tab.locator('.page-questions tbody tr').count();
    assert.equal(shown, Math.min(n, 50), title);
    await tab.goBack();
    await tab.waitForSelector('.charts .bars a');
  }
  quiet(tab);
});

test('what is taken away has the same numbers', async () => {
  const tab = await console_of(p, 'vera');
  const {asked, answered} = await api(tab, 'insight');
  const text = await tab.evaluate(async () => (await fetch('/staff/api/insight-csv?chart=funnel')).text());
  assert.ok(text.includes(`asked,${asked}\r\n`) && text.includes(`answered,${answered}\r\n`), text);
});

test('clusters are opened by keys, put together and taken apart', async () => {
  const tab = await console_of(p, 'anna');
  await open(tab, 'clusters', '.page-clusters tbody tr');
  await tab.keyboard.press('j');
  await tab.keyboard.press('j');
  const name = await tab.textContent('tr.current th a');
  await tab.keyboard.press('Enter');
  await tab.waitForSelector('.page-clusters .sums');
  assert.equal(await tab.textContent('main h1'), name);
  await sound(tab, 'cluster');
  const before = number(await tab.textContent('.sums strong'));
  await tab.keyboard.press('m');
  await tab.waitForSelector('dialog[open] tbody tr');
  await sound(tab, 'cluster-merge');
  await tab.click('dialog[open] tbody tr button');
  await tab.waitForSelector('dialog', {state: 'detached'});
  await until(async () => number(await tab.textContent('.sums strong')) > before, 'the two to be one');
  await tab.getByRole('button', {name: /^Take apart/}).click();
  await until(async () => number(await tab.textContent('.sums strong')) === before, 'them to be two again');
  quiet(tab);
});

test('a viewer may look and not put together', async () => {
  const tab = await console_of(p, 'vera');
  await open(tab, 'clusters', '.page-clusters tbody tr');
  await tab.click('.page-clusters tbody tr a');
  await tab.waitForSelector('.page-clusters .sums');
  assert.equal(await tab.getByRole('button', {name: /Put together/}).count(), 0);
  quiet(tab);
});

for (const [size, style] of [['phone', 'dark'], ['desktop', 'light'], ['desktop', 'contrast']])
  test(`with a month behind them, ${style}, ${size}`, async () => {
    const tab = await console_of(p, 'adam', '', look(size, style));
    const all = [['insights', '.charts .bars a'], ['clusters', 'tbody tr'], ['questions?weekday=1', 'tbody tr'], ['knowledge', '.parts table'], ['triage', '.items a']];
    for (const [at, what] of style === 'contrast' ? all.slice(0, 1) : all) {
      await open(tab, at, what);
      await sound(tab, `month-${at.replace(/\W/g, '-')}-${size}-${style}`);
    }
    quiet(tab);
  });
