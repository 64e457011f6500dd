/* frame.js: when the page is the panel of widget.js on somebody else's page. Exactly one message is taken from a window: the
 * one with a port, from the parent, of a site that the server lists. After that there is only the port. It comes when the
 * page has loaded, so this module listens as soon as it is there: chat.js imports it before those that wait for something. */
import {$} from './dom.js';

let port;

export const tellHost = (message) => port?.postMessage(message);
export const shown = {panel: true}; /* false while the host has the panel closed */

if (parent !== window) {
  document.documentElement.classList.add('embedded');
  const listed = [location.origin, ...document.documentElement.dataset.origins.split(' ')];
  addEventListener('message', (e) => {
    if (port || e.source !== parent || e.data?.guidepost !== 1 || !listed.includes(e.origin) || !e.ports[0])
      return;
    port = e.ports[0];
    port.onmessage = ({data}) => {
      shown.panel = data.open;
      if (data.open)
        $('q').focus({preventScroll: true});
    };
  });
  document.addEventListener('keydown', (e) => {
    if (e.key === 'Escape' && !e.defaultPrevented)
      tellHost({close: 1});
  });
}
