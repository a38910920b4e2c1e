// A Mini App in a frame over the pane, with the few events of Telegram's bridge that a frame cannot do without.

import { el } from "./dom.js";
import { dialog, toast } from "./overlay.js";

const PERMISSIONS = "allow-scripts allow-same-origin allow-forms allow-popups allow-downloads allow-modals";

function launchUrl(url, dark) {
  const theme = dark
    ? { bg_color: "#1d1a2b", text_color: "#ece9f8", button_color: "#7c6cf0", button_text_color: "#ffffff" }
    : { bg_color: "#ffffff", text_color: "#1f1b33", button_color: "#5a48d0", button_text_color: "#ffffff" };
  const target = new URL(url, location.href);
  const hash = new URLSearchParams(target.hash.slice(1));
  hash.set("tgWebAppVersion", "9.0");
  hash.set("tgWebAppPlatform", "web");
  hash.set("tgWebAppThemeParams", JSON.stringify(theme));
  target.hash = hash.toString();
  return target;
}

// The page's own policy may keep frames of other addresses out.
function elsewhere(target) {
  const link = el("a", { href: target.href, target: "_blank", rel: "noopener noreferrer" }, target.host);
  return el("p", { class: "app-elsewhere" }, "This Mini App lives at another address and opens in its own tab: ", link);
}

function eventOf(data) {
  try {
    return JSON.parse(data)?.eventType;
  } catch {
    return null; // a page may post what it likes
  }
}

export function openApp(host, url, title, dark) {
  const target = launchUrl(url, dark);
  if (!["http:", "https:"].includes(target.protocol)) return toast(host, "This address cannot be opened.");
  const ears = new AbortController();
  const opened = dialog(
    host,
    title,
    (close) => {
      const frame = el("iframe", {
        class: "app-frame",
        src: target.href,
        title,
        allow: "clipboard-write",
        sandbox: PERMISSIONS,
      });
      const listen = (event) => {
        const known = event.source === frame.contentWindow && event.origin === target.origin;
        if (known && eventOf(event.data) === "web_app_close") close();
      };
      const refused = ({ effectiveDirective }) =>
        effectiveDirective === "frame-src" && frame.replaceWith(elsewhere(target));
      window.addEventListener("message", listen, { signal: ears.signal });
      document.addEventListener("securitypolicyviolation", refused, { signal: ears.signal });
      return frame;
    },
    { wide: true },
  );
  return opened.finally(() => ears.abort());
}
