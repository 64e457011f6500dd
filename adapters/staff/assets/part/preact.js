/* preact.js: all that the console takes from others: Preact and htm, as one module that the build fetches (cmake/assets.cmake). */
export {html, render, useState, useEffect, useLayoutEffect, useMemo, useRef, useCallback} from '../from/preact.js';
