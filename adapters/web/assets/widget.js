/* widget.js: the button on other people's pages. <guidepost-chat> is a launcher in a shadow tree and a panel with the chat
 * page in a frame, which is made when somebody opens it for the first time: before that there is no cookie, no
 * storage and no further request. It touches nothing of the page it is on: no globals, no styles, no history. The styles
 * are constructed, not written, so a strict content security policy has nothing against them. */
(() => {
  const home = new URL(document.currentScript.src).origin, auto = 'auto' in document.currentScript.dataset;
  const words = {
    en: ['Ask a question', 'Close', 'Hide', 'new messages'],
    es: ['Haga una pregunta', 'Cerrar', 'Ocultar', 'mensajes nuevos'],
    fr: ['Posez une question', 'Fermer', 'Masquer', 'nouveaux messages'],
    de: ['Stellen Sie eine Frage', 'Schließen', 'Ausblenden', 'neue Nachrichten'],
    ar: ['اطرح سؤالاً', 'إغلاق', 'إخفاء', 'رسائل جديدة'],
  };
  const HIDDEN = 'guidepost-hidden', PHONE = '(max-width: 30rem), (max-height: 30rem)';
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { all: initial !important; display: block !important; position: fixed !important; z-index: var(--guidepost-z, 2147483000) !important; inset-block-end: 0 !important; inset-inline-end: 0 !important; font: clamp(16px, 1rem, 24px)/1.4 system-ui, sans-serif !important; }
    :host([side=start]) { inset-inline: 0 auto !important; }
    :host([hidden]) { display: none !important; }
    * { box-sizing: border-box; font: inherit; }
    .launch { display: flex; margin: var(--guidepost-offset, 1rem); margin-block-end: max(var(--guidepost-offset, 1rem), env(safe-area-inset-bottom)); }
    button { min-block-size: 48px; padding: 0 1.25em; border: 1px solid #fff6; border-radius: 24px; background: var(--guidepost-color, #0f5c55); color: #fff; font-weight: 600; cursor: pointer; box-shadow: 0 2px 10px #0004; }
    button:focus-visible { outline: 3px solid #fff; outline-offset: 0; box-shadow: 0 0 0 6px #0f5c55; }
    .hide { order: -1; align-self: center; min-block-size: 28px; inline-size: 28px; margin-inline-end: 6px; padding: 0; background: #fff; color: #333; border: 1px solid #767676; font-weight: 400; opacity: 0; }
    .launch:hover .hide, .hide:focus-visible { opacity: 1; }
    @media (hover: none) { .hide { opacity: 1; } }
    .launch b { margin-inline-start: .5em; padding: 0 .5em; border-radius: 1em; background: #fff; color: #8a1c1c; }
    dialog { position: fixed; inset: auto; inset-block-end: calc(var(--guidepost-offset, 1rem) + 60px); inset-inline-end: var(--guidepost-offset, 1rem); inline-size: min(26rem, 100vw - 2rem); block-size: min(40rem, 100vh - 7rem); max-inline-size: none; max-block-size: none; margin: 0; padding: 0; border: 1px solid #8885; border-radius: 16px; overflow: hidden; background: Canvas; box-shadow: 0 8px 40px #0005; }
    :host([side=start]) dialog { inset-inline: var(--guidepost-offset, 1rem) auto; }
    dialog::backdrop { background: #0006; }
    iframe { display: block; inline-size: 100%; block-size: 100%; border: 0; color-scheme: normal; }
    .close { position: absolute; inset-block-start: 12px; inset-inline-end: 8px; min-block-size: 40px; inline-size: 40px; padding: 0; border: 0; background: transparent; color: CanvasText; box-shadow: none; color-scheme: light dark; }
    .close:focus-visible { outline-color: #0f5c55; box-shadow: none; }
    @media ${PHONE} { dialog { inset: 0; inline-size: 100vw; block-size: 100vh; block-size: 100dvh; border: 0; border-radius: 0; } }
    @media (prefers-color-scheme: dark) { dialog { color-scheme: dark; } .close:focus-visible { outline-color: #7fd1c4; } }
    @media (forced-colors: active) { button { border: 2px solid ButtonText; } }
  `);
  const el = (tag, properties, ...children) => {
    const e = Object.assign(document.createElement(tag), properties);
    e.append(...children);
    return e;
  };
  const session = (fn) => {
    try {
      return fn(sessionStorage);
    } catch {
      return null;
    }
  };

  class Chat extends HTMLElement {
    connectedCallback() {
      if (this.shadowRoot)
        return;
      const asked = (this.lang || document.documentElement.lang || navigator.language).slice(0, 2);
      const lang = words[asked] ? asked : 'en', [label, close, hide, unread] = words[lang];
      const root = this.attachShadow({mode: 'open'});
      root.adoptedStyleSheets = [sheet];
      const badge = el('b', {hidden: true});
      const launch = this.launch = el('button', {type: 'button', ariaExpanded: 'false', onclick: () => this.toggle()}, this.getAttribute('label') || label, badge);
      launch.setAttribute('part', 'button');
      const away = el('button', {type: 'button', className: 'hide', ariaLabel: hide, title: hide, onclick: () => {
        this.hidden = true;
        session((s) => s.setItem(HIDDEN, 1));
      }}, '✕');
      this.panel = el('dialog', {ariaLabel: launch.firstChild.data},
        el('button', {type: 'button', className: 'close', ariaLabel: close, title: close, onclick: () => this.close()}, '✕'));
      this.panel.onclose = () => this.closed();
      this.panel.onkeydown = (e) => e.key === 'Escape' && this.close();
      this.count = (n) => {
        badge.hidden = !n;
        badge.textContent = n ? '●' : '';
        badge.ariaLabel = n ? unread : null;
      };
      this.lang_ = lang;
      root.append(this.panel, el('div', {className: 'launch'}, launch, away));
      root.host.dir = lang === 'ar' ? 'rtl' : this.dir;
      this.hidden = !!session((s) => s.getItem(HIDDEN));
    }

    toggle() {
      if (this.panel.open)
        this.close();
      else
        this.open();
    }

    open() {
      if (!this.frame)
        this.load();
      if (matchMedia(PHONE).matches)
        this.panel.showModal();
      else
        this.panel.show();
      this.launch.ariaExpanded = 'true';
      this.count(0);
      this.frame.focus();
      this.port?.postMessage({open: 1});
    }

    close() {
      this.panel.close();
    }

    closed() {
      this.launch.ariaExpanded = 'false';
      this.port?.postMessage({open: 0});
      this.launch.focus();
    }

    load() {
      const frame = this.frame = el('iframe', {src: `${home}/chat?embed=1&lang=${this.lang_}`, title: this.panel.ariaLabel});
      frame.onload = () => {
        const {port1, port2} = new MessageChannel();
        this.port = port1;
        port1.onmessage = ({data}) => {
          if (data.close)
            this.close();
          else if (data.unread)
            this.count(1);
        };
        frame.contentWindow.postMessage({guidepost: 1}, home, [port2]);
        if (this.panel.open && document.activeElement === this) /* the first focus() met an empty frame */
          frame.focus();
        port1.postMessage({open: this.panel.open ? 1 : 0});
      };
      this.panel.prepend(frame);
    }
  }

  if (!customElements.get('guidepost-chat'))
    customElements.define('guidepost-chat', Chat);
  if (auto && !document.querySelector('guidepost-chat')) {
    const add = () => document.body.append(document.createElement('guidepost-chat'));
    if (document.body)
      add();
    else
      addEventListener('DOMContentLoaded', add);
  }
})();
