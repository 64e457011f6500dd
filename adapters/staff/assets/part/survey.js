/* survey.js: what pages that count share: asking until there is something to show, and the words for how a question ended. */
import {html, useEffect} from './preact.js';
import {Empty, useData} from './ui.js';

const AGAIN_MS = 700;
/* The first time after a start the program has to read a month of questions. */
export function useSurvey(name, params) {
  const state = useData(name, params), wait = state.data?.ready === false;
  useEffect(() => {
    const timer = wait && setTimeout(state.reload, AGAIN_MS);
    return () => clearTimeout(timer);
  }, [state.data]);
  return {...state, data: wait ? null : state.data, counting: wait};
}
export const Counting = ({counting}) => counting && html`<${Empty} title="Counting …">A moment: the questions of the last thirty days are being read.<//>`;

export const TZ = -new Date().getTimezoneOffset();

/* How a question ended: the program's word, ours, the colour. */
export const ENDS = [['entry', 'Curated answer', 's0'], ['extract', 'From a guide', 's1'], ['choices', 'Asked back', 's2'], ['none', 'No answer', 's3'], ['person', 'To a person', 's4']];
export const END = Object.fromEntries(ENDS.map(([name, text]) => [name, text]));
export const TONES = {choices: 'warn', none: 'bad', person: 'warn'};

export const share = (a, b) => b ? Math.round(100 * a / b) : null;
export const percent = (a, b) => b ? share(a, b) + ' %' : '–';

const DAY = new Intl.DateTimeFormat('en', {day: 'numeric', month: 'short', timeZone: 'UTC'});
/* "2026-11-03" as "Nov 3" */
export const day = (text) => DAY.format(new Date(text + 'T00:00:00Z'));
export const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
