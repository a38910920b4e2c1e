// A Mini App in a frame over the pane, with the few events of Telegram's bridge that a frame cannot do without.

import { el } from "./dom.js";
import { dialog, toast } from "./overlay.js";

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

export function openApp(host, url, title, dark) {
  const target = launchUrl(url, dark);
  if (!["http:", "https:"].includes(target.protocol)) return toast(host, "This address cannot be opened.");
  return dialog(
    host,
    title,
    (close) => {
      const frame = el("iframe", { class: "app-frame", src: target.href, title, allow: "clipboard-write", sandbox: "allow-scripts allow-same-origin allow-forms allow-popups allow-downloads allow-modals" });
      const listen = (event) => {
        if (!frame.isConnected) return window.removeEventListener("message", listen);
        if (event.source !== frame.contentWindow || event.origin !== target.origin || typeof event.data !== "string") return undefined;
        const { eventType } = JSON.parse(event.data);
        return eventType === "web_app_close" ? close() : undefined;
      };
      window.addEventListener("message", listen);
      document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => {
        if (effectiveDirective === "frame-src" && frame.isConnected) frame.replaceWith(elsewhere(target));
      });
      return frame;
    },
    { wide: true },
  );
}
