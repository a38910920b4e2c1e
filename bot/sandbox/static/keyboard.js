// Inline keyboards. A pressed button shows that it waits until the bot has answered.

import { safeUrl } from "./entities.js";
import { button, el, icon } from "./dom.js";
import { idOf } from "./message.js";

const STYLES = new Set(["primary", "success", "danger"]);

function content(key) {
  const mark =
    key.url || key.login_url ? icon("external") : key.copy_text ? icon("copy") : key.web_app ? icon("app") : null;
  return [el("span", { class: "key-label" }, key.text), mark ? el("span", { class: "key-mark" }, mark) : null];
}

function open(key, actions) {
  if (key.copy_text) return actions.copy(key.copy_text.text);
  if (key.web_app) return actions.openApp(key.web_app.url, key.text);
  if (key.switch_inline_query_current_chat !== undefined) return actions.insert(key.switch_inline_query_current_chat);
  return actions.toast("The sandbox does not know this kind of button.");
}

// pending: the set of `${id}:${data}` that wait for an answer; it outlives a redraw by an edit.
export function inlineKeyboard(message, pending, actions) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows?.length) return null;
  const draw = (key) => {
    const name = `${idOf(message)}:${key.callback_data}`;
    const waits = pending.has(name);
    const style = STYLES.has(key.style) ? ` key-${key.style}` : "";
    const href = safeUrl(key.url ?? key.login_url?.url ?? "");
    if (href !== null)
      return el("a", { class: `key${style}`, href, target: "_blank", rel: "noopener noreferrer" }, content(key));
    const node = button(
      key.text,
      {
        class: `key${style}${waits ? " waits" : ""}`,
        title: null,
        disabled: key.disabled !== undefined,
        dataset: { key: name },
        "aria-busy": waits ? "true" : null,
      },
      content(key),
    );
    node.addEventListener("click", () => {
      if (key.callback_data === undefined) open(key, actions);
      else if (!node.classList.contains("waits")) actions.press(message, key.callback_data, node);
    });
    return node;
  };
  return el(
    "div",
    { class: "keyboard", role: "group", "aria-label": "Buttons" },
    rows.map((row) => el("div", { class: "key-row" }, row.map(draw))),
  );
}
