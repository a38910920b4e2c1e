// What lies over a pane: dialogs, menus, toasts. Each belongs to one person, so it covers only that pane.

import { button, el, icon } from "./dom.js";

const TOAST_LASTS_MS = 3800;

const focusable = (node) =>
  [...node.querySelectorAll("button, a[href], input, textarea, select, iframe, [tabindex='0']")].filter(
    (each) => !each.disabled && each.offsetParent !== null,
  );

function keepFocus(event, node) {
  if (event.key !== "Tab") return;
  const stops = focusable(node);
  if (stops.length === 0) return;
  const [first, last] = [stops[0], stops.at(-1)];
  if (event.shiftKey && document.activeElement === first) {
    last.focus();
    event.preventDefault();
  } else if (!event.shiftKey && document.activeElement === last) {
    first.focus();
    event.preventDefault();
  }
}

// build(close) returns the body; the promise resolves to what close was given, or to null when dismissed.
export function dialog(host, title, build, { wide = false } = {}) {
  return new Promise((resolve) => {
    const returnTo = document.activeElement;
    const close = (value = null) => {
      shade.remove();
      if (returnTo?.isConnected) returnTo.focus({ preventScroll: true });
      resolve(value);
    };
    const head = el(
      "div",
      { class: "dialog-head" },
      el("h2", {}, title),
      button("Close", { class: "ghost", on: { click: () => close() } }, icon("close")),
    );
    const box = el(
      "div",
      {
        class: `dialog${wide ? " wide" : ""}`,
        role: "dialog",
        "aria-modal": "true",
        "aria-label": title,
        tabindex: "-1",
      },
      head,
    );
    const shade = el("div", { class: "shade" }, box);
    shade.addEventListener("pointerdown", (event) => event.target === shade && close());
    shade.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.stopPropagation();
        close();
      }
      keepFocus(event, box);
    });
    box.append(...[build(close)].flat());
    host.append(shade);
    (box.querySelector("[autofocus]") ?? box.querySelector(".primary") ?? box).focus();
  });
}

export function alert(host, text) {
  return dialog(host, "The bot says", (close) => [
    el("p", { class: "alert-text" }, text),
    el(
      "div",
      { class: "dialog-foot" },
      el("button", { type: "button", class: "primary", on: { click: () => close() } }, "OK"),
    ),
  ]);
}

// fields: [{name, label, placeholder?, required?, pattern?, options?}]; resolves to their values, or to null.
export function ask(host, title, fields, submitLabel, extra = null) {
  return dialog(host, title, (close) => {
    const inputs = fields.map((field, index) =>
      field.options
        ? el(
            "select",
            { name: field.name },
            field.options.map(([value, label]) => el("option", { value }, label)),
          )
        : el("input", {
            name: field.name,
            placeholder: field.placeholder,
            required: field.required,
            pattern: field.pattern,
            autocomplete: "off",
            autofocus: index === 0,
          }),
    );
    const rows = fields.map((field, index) =>
      el("label", { class: "field" }, el("span", {}, field.label), inputs[index]),
    );
    const form = el(
      "form",
      {},
      rows,
      extra,
      el("div", { class: "dialog-foot" }, el("button", { type: "submit", class: "primary" }, submitLabel)),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      close(Object.fromEntries([...new FormData(form).keys()].map((name) => [name, new FormData(form).getAll(name)])));
    });
    return form;
  });
}

export function toast(host, text, { link = null } = {}) {
  host.querySelector(".toast")?.remove();
  const node = el("div", { class: "toast", role: "status" }, el("span", {}, text));
  if (link) node.append(el("a", { href: link, target: "_blank", rel: "noopener noreferrer" }, "Open"));
  node.addEventListener("click", () => node.remove());
  host.append(node);
  setTimeout(() => node.remove(), TOAST_LASTS_MS);
}

function place(host, menu, anchor) {
  const frame = host.getBoundingClientRect();
  const at = anchor.getBoundingClientRect?.() ?? anchor;
  const { offsetWidth: width, offsetHeight: height } = menu;
  const left = Math.min(Math.max(8, at.left - frame.left), Math.max(8, frame.width - width - 8));
  const below = at.bottom - frame.top + 6;
  const top = below + height < frame.height - 8 ? below : Math.max(8, at.top - frame.top - height - 6);
  menu.style.left = `${left}px`;
  menu.style.top = `${top}px`;
}

// items: {label, hint?, face?, checked?, badge?, run} or {heading}; anchor: an element or a rectangle.
export function menu(host, label, anchor, items) {
  host.querySelector(".menu")?.remove();
  const returnTo = document.activeElement;
  const node = el("div", { class: "menu", role: "menu", "aria-label": label });
  const close = () => {
    node.remove();
    document.removeEventListener("pointerdown", outside, true);
    if (returnTo?.isConnected) returnTo.focus({ preventScroll: true });
  };
  const outside = (event) => !node.contains(event.target) && close();
  for (const item of items) {
    if (item.heading) {
      node.append(el("div", { class: "menu-heading" }, item.heading));
      continue;
    }
    const entry = el(
      "button",
      {
        type: "button",
        class: "menu-item",
        role: item.checked === undefined ? "menuitem" : "menuitemradio",
        "aria-checked": item.checked === undefined ? null : String(item.checked),
      },
      item.face ?? null,
      el(
        "span",
        { class: "menu-words" },
        el("span", { class: "menu-label" }, item.label),
        item.hint ? el("span", { class: "menu-hint" }, item.hint) : null,
      ),
      item.badge ? el("span", { class: "badge" }, String(item.badge)) : item.checked ? icon("check") : null,
    );
    entry.addEventListener("click", () => {
      close();
      item.run();
    });
    node.append(entry);
  }
  node.addEventListener("keydown", (event) => {
    const entries = [...node.querySelectorAll(".menu-item")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      entries.at((entries.indexOf(document.activeElement) + step) % entries.length).focus();
      event.preventDefault();
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.stopPropagation();
      close();
    }
  });
  host.append(node);
  place(host, node, anchor);
  document.addEventListener("pointerdown", outside, true);
  (node.querySelector("[aria-checked='true']") ?? node.querySelector(".menu-item"))?.focus();
}
