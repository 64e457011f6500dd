/* route.js: where we are. /staff/NAME is a page, the query string is all of its state: every view can be shared and reloaded. */
import {useState, useEffect, useCallback} from './preact.js';

const MOVED = 'guidepost-moved';

export const here = () => location.pathname.slice('/staff/'.length);
export const params = () => Object.fromEntries(new URLSearchParams(location.search));

const query = (object) => {
  const q = new URLSearchParams(Object.entries(object || {}).filter(([, v]) => v !== undefined && v !== null && v !== ''));
  return q.size ? '?' + q : '';
};
export const link = (name, object) => '/staff/' + name + query(object);

/* replace: without a step for the button "back". */
export function go(href, {replace = false} = {}) {
  if (href !== location.pathname + location.search)
    history[replace ? 'replaceState' : 'pushState'](null, '', href);
  dispatchEvent(new Event(MOVED));
}

/* Draws again whenever the address changes. */
export function useRoute() {
  const [, again] = useState(0);
  useEffect(() => {
    const fn = () => again((n) => n + 1);
    addEventListener(MOVED, fn);
    addEventListener('popstate', fn);
    return () => {
      removeEventListener(MOVED, fn);
      removeEventListener('popstate', fn);
    };
  }, []);
  return here();
}

/* The query string, and a function that changes some of it: {name: value}, "" or null to take it out. */
export function useParams() {
  useRoute();
  const set = useCallback((some, options) => go(link(here(), {...params(), ...some}), options), []);
  return [params(), set];
}

/* Links to our own pages do not load anything. */
addEventListener('click', (e) => {
  const a = e.target.closest?.('a[href^="/staff/"]');
  if (!a || e.defaultPrevented || e.button || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey || a.target || a.hasAttribute('download') ||
      /^\/staff\/(api|a)\//.test(a.pathname))
    return;
  e.preventDefault();
  go(a.pathname + a.search);
});
