/* store.js: what the browser keeps, from the first question on and not before: the session's token, and what was
 * sent and is not confirmed. One key for each, never a list, so that two tabs do not overwrite each other. Where
 * storage is forbidden or full the chat works all the same, for as long as its page is open. */

const TOKEN = 'guidepost', SENT = 'guidepost/';

function attempt(fn) {
  try {
    return fn();
  } catch {
    return null;
  }
}

export const token = () => attempt(() => localStorage.getItem(TOKEN));
export const keepToken = (tok) => attempt(() => localStorage.setItem(TOKEN, tok));
export const keep = (cid, frame) => attempt(() => localStorage.setItem(SENT + cid, JSON.stringify({at: Date.now(), frame})));
export const drop = (cid) => attempt(() => localStorage.removeItem(SENT + cid));

const mine = () => attempt(() => Object.keys(localStorage).filter((key) => key.startsWith(SENT))) || [];

/* What an earlier page could not get confirmed, oldest first. */
export const unsent = () => mine().map((key) => attempt(() => JSON.parse(localStorage.getItem(key))))
  .filter((item) => item?.frame?.cid).sort((a, b) => a.at - b.at).map((item) => item.frame);

export function forget() {
  mine().concat(TOKEN).forEach((key) => attempt(() => localStorage.removeItem(key)));
  attempt(() => sessionStorage.clear());
}

/* Another tab has begun, changed or deleted the session. */
export const onToken = (fn) => addEventListener('storage', (e) => {
  if (e.key === TOKEN || e.key === null)
    fn(e.newValue);
});

/* The half-written question of this tab. */
export const draft = () => attempt(() => sessionStorage.getItem(TOKEN)) || '';
export const keepDraft = (text) => attempt(() => sessionStorage.setItem(TOKEN, text));
