/**
 * Puts a chat button, and the panel behind it, on any page:
 *
 * ```html
 * <script src="https://chat.example.com/nx-launcher.js" data-realm="example.com" data-dn="3001" async></script>
 * ```
 * The page's style stays outside (shadow root), the chat itself lives in a frame of our origin. Nothing is loaded until
 * the button is pressed, or a chat of this tab is open. `docs/web-chat.md` lists the attributes.
 */
import { secret } from "../random.ts";

/** What the page may call. */
export interface Launcher {
  open(): void;
  close(): void;
  toggle(): void;
}

declare global {
  interface Window {
    nxLauncher?: Launcher;
  }
}

const WORDS = {
  ko: { open: "채팅 상담 열기", close: "채팅 상담 닫기", panel: "채팅 상담", unread: "새 메시지" },
  en: { open: "Open chat", close: "Close chat", panel: "Chat", unread: "new messages" },
};
const BUBBLE = "M22 17a2 2 0 0 1-2 2H6.8a2 2 0 0 0-1.4.6l-2.2 2.2A.7.7 0 0 1 2 21.3V5a2 2 0 0 1 2-2h16a2 2 0 0 1 2 2zM7 11h10M7 15h6M7 7h8";
const CROSS = "M18 6 6 18M6 6l12 12";
const OPEN = "nx-launcher.open";
const KEPT = "nx-launcher.kept";
const CUSTOMER = "nx-launcher.customer";

const STYLE = `
:host{all:initial}
.at{position:fixed;right:24px;bottom:24px;z-index:var(--z);font:600 14px/1 system-ui,sans-serif}
.left .at{right:auto;left:24px}
button{all:unset;box-sizing:border-box;display:grid;place-items:center;width:60px;height:60px;border-radius:50%;cursor:pointer;
 background:var(--sd-brand,#2f55d4);color:var(--sd-on-brand,#fff);box-shadow:0 2px 6px rgb(16 22 40/.2),0 8px 24px -6px rgb(16 22 40/.4)}
button:focus-visible{outline:3px solid var(--sd-brand,#2f55d4);outline-offset:3px}
svg{width:26px;height:26px;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
.count{position:absolute;top:-4px;right:-4px;min-width:22px;height:22px;box-sizing:border-box;padding:0 6px;border-radius:11px;display:grid;place-items:center;
 background:#c0262d;color:#fff;font-size:12px}
[hidden]{display:none!important}
iframe{position:fixed;right:24px;bottom:96px;z-index:var(--z);width:384px;height:min(640px,calc(100vh - 120px));height:min(640px,calc(100dvh - 120px));
 border:0;border-radius:14px;background:Canvas;box-shadow:0 2px 6px rgb(16 22 40/.12),0 16px 48px -12px rgb(16 22 40/.4);color-scheme:normal}
.left iframe{right:auto;left:24px}
@media(max-width:480px){iframe{inset:0!important;width:100vw;height:100vh;height:100dvh;border-radius:0}.up{display:none}}
@media print{.all{display:none}}`;

const remember = (area: () => Storage, key: string, value?: string): string => {
  try {
    if (value !== undefined) area().setItem(key, value);
    return area().getItem(key) ?? "";
  } catch (_) {
    // Shut off: the chat will not open by itself after a reload, nothing worse.
    return "";
  }
};
const session = () => sessionStorage;
const local = () => localStorage;

function launch(script: HTMLScriptElement): Launcher {
  const { origin } = new URL(script.src);
  const { realm = location.hostname, dn = "", tel, url, lang, theme, side, z = "2147483000", title } = script.dataset;
  const words = WORDS[/^en/i.test(lang ?? (document.documentElement.lang || navigator.language)) ? "en" : "ko"];

  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  // A sheet made by script needs no leave of the page's policy; a <style> would.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  const all = document.createElement("div");
  all.className = side === "left" ? "all left" : "all";
  all.style.setProperty("--z", z);
  const at = document.createElement("div");
  at.className = "at";
  const button = document.createElement("button");
  button.type = "button";
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  icon.setAttribute("viewBox", "0 0 24 24");
  icon.setAttribute("aria-hidden", "true");
  const path = icon.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "path"));
  const count = document.createElement("span");
  count.className = "count";
  count.setAttribute("aria-hidden", "true");
  button.append(icon);
  at.append(button, count);
  all.append(at);
  root.append(all);

  let frame: HTMLIFrameElement | undefined;
  /** The frame's page listens. */
  let ready = false;
  let shown = false;
  let unread = 0;

  /** The page's `--sd-…` properties, for the frame, which inherits nothing. */
  const colours = () => {
    const style = getComputedStyle(document.documentElement);
    return ["brand", "on-brand", "radius", "font"].map((name) => [name.replace("-", "_"), style.getPropertyValue(`--sd-${name}`).trim()]);
  };
  const tell = () => void (ready && frame?.contentWindow?.postMessage({ nx: shown ? "shown" : "hidden" }, origin));

  function load(): void {
    if (frame) return;
    // Without a number of the site's own the customer is a random one, the same in every tab of this browser.
    const customer = tel || remember(local, CUSTOMER) || remember(local, CUSTOMER, `web-${secret()}`) || `web-${secret()}`;
    const wss = origin.startsWith("https:");
    const socket = url || `${wss ? "wss" : "ws"}://${new URL(origin).hostname}`;
    const query = new URLSearchParams({ realm, url: socket, dn_number: dn, tel_number: customer, embed: "1" });
    for (const [name, value] of [["lang", lang ?? document.documentElement.lang], ["theme", theme], ["title", title], ...colours()]) if (value) query.set(name!, value);
    frame = document.createElement("iframe");
    frame.title = title || words.panel;
    frame.allow = "microphone; autoplay";
    frame.hidden = true;
    // What the frame gave us to keep: it may have no storage of its own.
    frame.name = remember(local, KEPT);
    frame.src = `${origin}/webchat.html?${query}`;
    all.prepend(frame);
  }

  function show(): void {
    if (frame) frame.hidden = !shown;
    at.classList.toggle("up", shown);
    path.setAttribute("d", shown ? CROSS : BUBBLE);
    count.hidden = shown || !unread;
    count.textContent = unread > 99 ? "99+" : `${unread}`;
    button.setAttribute("aria-label", shown ? words.close : unread ? `${words.open}, ${unread} ${words.unread}` : words.open);
    button.setAttribute("aria-expanded", `${shown}`);
  }

  function turn(on: boolean): void {
    if (on === shown) return;
    shown = on;
    if (on) load();
    show();
    tell();
    if (on) frame!.focus();
    else button.focus();
  }

  button.onclick = () => turn(!shown);
  addEventListener("message", ({ source, origin: from, data }: MessageEvent<{ nx?: string; unread?: number; kept?: string } | null>) => {
    if (!frame || source !== frame.contentWindow || from !== origin) return;
    if (data?.nx === "close") turn(false);
    else if (data?.nx === "ready") {
      ready = true;
      tell();
    }
    if (data?.nx === "keep") remember(local, KEPT, `${data.kept}`);
    else if (data?.nx === "unread") {
      unread = Number(data.unread) || 0;
      show();
    } else if (data?.nx === "open" || data?.nx === "over") remember(session, OPEN, data.nx === "open" ? "1" : "");
  });
  // Beside <body>, not in it: pages that swap their body keep the chat.
  document.documentElement.append(host);
  if (remember(session, OPEN)) load();
  show();
  return { open: () => turn(true), close: () => turn(false), toggle: () => turn(!shown) };
}

const script = document.currentScript as HTMLScriptElement | null;
if (script && !window.nxLauncher) window.nxLauncher = launch(script);
