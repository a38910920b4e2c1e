// Text and its entities (offsets in UTF-16 units, as JavaScript counts) become DOM nodes.

import { button, el, icon } from "./dom.js";

const SAFE_SCHEMES = new Set(["http:", "https:", "mailto:", "tel:", "tg:"]);

// The address as a browser may open it, or null.
export function safeUrl(text) {
  if (text === "") return null;
  const candidate = /^[a-z][a-z0-9+.-]*:/iu.test(text) ? text : `https://${text}`;
  try {
    const url = new URL(candidate);
    return SAFE_SCHEMES.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function link(target, children) {
  const href = safeUrl(target);
  if (href === null) return el("span", {}, children);
  return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, children);
}

function spoiler(children) {
  const node = el(
    "span",
    { class: "spoiler", role: "button", tabindex: "0", "aria-label": "Hidden text, press to show" },
    children,
  );
  const reveal = () => {
    node.classList.add("revealed");
    node.removeAttribute("role");
    node.removeAttribute("tabindex");
    node.removeAttribute("aria-label");
  };
  node.addEventListener("click", reveal, { once: true });
  node.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") reveal();
  });
  return node;
}

function codeBlock(entity, children, text, actions) {
  const copy = button("Copy the code", { class: "pre-copy", on: { click: () => actions.copy(text) } }, icon("copy"));
  const language = entity.language ? el("span", { class: "pre-language" }, entity.language) : null;
  return el("div", { class: "pre" }, language, copy, el("pre", {}, el("code", {}, children)));
}

function wrap(entity, children, text, actions) {
  switch (entity.type) {
    case "bold":
      return el("strong", {}, children);
    case "italic":
      return el("em", {}, children);
    case "underline":
      return el("u", {}, children);
    case "strikethrough":
      return el("s", {}, children);
    case "spoiler":
      return spoiler(children);
    case "code":
      return el("code", { class: "code", title: "Copy", on: { click: () => actions.copy(text) } }, children);
    case "pre":
      return codeBlock(entity, children, text, actions);
    case "blockquote":
      return el("blockquote", {}, children);
    case "expandable_blockquote":
      return expandable(children);
    case "text_link":
      return link(entity.url, children);
    case "url":
      return link(text, children);
    case "email":
      return link(`mailto:${text}`, children);
    case "phone_number":
      return link(`tel:${text}`, children);
    case "bot_command":
      return el("button", { type: "button", class: "linkish", on: { click: () => actions.command(text) } }, children);
    case "mention":
    case "text_mention":
    case "hashtag":
    case "cashtag":
      return el("span", { class: "tag" }, children);
    default:
      return el("span", {}, children);
  }
}

function expandable(children) {
  const quote = el("blockquote", { class: "folded" }, children);
  quote.addEventListener("click", () => quote.classList.toggle("folded"));
  return quote;
}

// Entities nest or are apart; Telegram never lets two of them overlap in part.
function build(text, from, to, entities, actions) {
  const nodes = [];
  let at = from;
  let index = 0;
  const words = (start, end) => {
    // A block ends its own line: the line break after it would draw an empty one.
    const skip = nodes.at(-1)?.matches?.("blockquote, .pre") && text[start] === "\n" ? 1 : 0;
    if (start + skip < end) nodes.push(text.slice(start + skip, end));
  };
  while (index < entities.length) {
    const entity = entities[index];
    const end = Math.min(entity.offset + entity.length, to);
    index += 1;
    if (entity.offset < at || end <= entity.offset) continue;
    words(at, entity.offset);
    const inner = [];
    while (index < entities.length && entities[index].offset < end) inner.push(entities[index++]);
    nodes.push(wrap(entity, build(text, entity.offset, end, inner, actions), text.slice(entity.offset, end), actions));
    at = end;
  }
  words(at, to);
  return nodes;
}

export function richText(text, entities, actions) {
  const sorted = [...(entities ?? [])].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return build(text, 0, text.length, sorted, actions);
}
