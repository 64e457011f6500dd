/* all.js: the parts that both halves of the console use. Each script that it is split into begins with this one, so what they share is one
 * file (cmake/assets.cmake), and a part that only one half uses comes with that half. */
import './api.js';
import './keys.js';
import './live.js';
import './login.js';
import './preact.js';
import './route.js';
import './ui.js';
