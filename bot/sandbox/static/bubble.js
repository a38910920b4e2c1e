// One block of the timeline as a list item: a bubble with its author, quote, media, text, time and keyboard.

import { userAvatar } from "./avatar.js";
import { button, el, icon } from "./dom.js";
import { richText } from "./entities.js";
import { dayName, fullTimeOf, hueOf, nameOf, timeOf } from "./format.js";
import { inlineKeyboard } from "./keyboard.js";
import { crossfade, mediaOf } from "./media.js";
import { idOf, isWhisper } from "./message.js";
import { heart, reactionChips } from "./reactions.js";

export function summary(message) {
  if (message.text) return message.text;
  const kind = [
    "photo",
    "video",
    "animation",
    "document",
    "audio",
    "voice",
    "sticker",
    "location",
    "contact",
    "poll",
    "dice",
  ].find((name) => message[name]);
  const label = kind ? kind[0].toUpperCase() + kind.slice(1) : "Message";
  return message.caption ? `${label}, ${message.caption}` : label;
}

function quote(message, actions) {
  const origin = message.reply_to_message;
  if (!origin) return null;
  return el(
    "button",
    { type: "button", class: "quote", on: { click: () => actions.jump(origin.message_id) } },
    el("span", { class: "quote-name" }, origin.from ? nameOf(origin.from) : "Message"),
    el("span", { class: "quote-text" }, summary(origin)),
  );
}

function forwarded(message) {
  const origin = message.forward_origin;
  if (!origin) return null;
  const from = origin.sender_user
    ? nameOf(origin.sender_user)
    : (origin.sender_user_name ?? origin.chat?.title ?? "somebody");
  return el("div", { class: "forwarded" }, `Forwarded from ${from}`);
}

function meta(message) {
  const stamp = el(
    "time",
    { datetime: new Date(message.date * 1000).toISOString(), title: fullTimeOf(message.date) },
    timeOf(message.date),
  );
  return el("span", { class: "meta" }, message.edit_date ? el("span", { class: "edited" }, "edited") : null, stamp);
}

function whisperMark(message) {
  return isWhisper(message) ? el("div", { class: "whisper-mark" }, icon("eye"), "Only you see this") : null;
}

function bubble(block, context, actions) {
  const { messages } = block;
  const worded = messages.find((message) => message.caption) ?? messages[0];
  const text = worded.text ?? worded.caption ?? "";
  const media = mediaOf(messages, actions);
  const visual = Boolean(media?.matches?.(".tile, .album"));
  const below = text && worded.show_caption_above_media !== true;
  const words = el(
    "div",
    { class: "text", dir: "auto" },
    text ? richText(text, worded.entities ?? worded.caption_entities, actions) : null,
    meta(messages.at(-1)),
  );
  const looks = { visual, bare: visual && !text, whisper: isWhisper(messages[0]) };
  const node = el(
    "div",
    { class: ["bubble", ...Object.keys(looks).filter((look) => looks[look])].join(" ") },
    block.named
      ? el("div", { class: "author", style: { "--hue": String(hueOf(messages[0].from.id)) } }, nameOf(messages[0].from))
      : null,
    whisperMark(messages[0]),
    forwarded(messages[0]),
    quote(messages[0], actions),
    below || !text ? [media, text || media ? words : unknown(words)] : [words, media],
    reactionChips(messages[0], context, actions),
  );
  if (visual) node.style.setProperty("--bubble-width", media.style.getPropertyValue("--media-width"));
  return { node, media };
}

function unknown(words) {
  return [el("div", { class: "unknown" }, "This kind of message is not shown here."), words];
}

function messageRow(block, context, actions) {
  const { messages } = block;
  const message = messages[0];
  const { node, media } = bubble(block, context, actions);
  const face =
    context.inGroup && !block.out
      ? block.last
        ? userAvatar(message.from)
        : el("span", { class: "avatar-gap" })
      : null;
  const keyed = messages.find((each) => each.reply_markup?.inline_keyboard) ?? message;
  const row = el(
    "li",
    {
      class: `row ${block.out ? "out" : "in"}${block.first ? " first" : ""}${block.last ? " last" : ""}`,
      dataset: { messageId: idOf(message), from: message.from?.id ?? "" },
      on: { contextmenu: (event) => actions.menu(message, event) },
    },
    face,
    el("div", { class: "stack" }, node, inlineKeyboard(keyed, context.pending, actions)),
    heart(message, context, actions),
    isWhisper(message)
      ? null
      : button("Reply", { class: "row-action", on: { click: () => actions.reply(message) } }, icon("reply")),
  );
  row.mediaNode = media;
  return row;
}

export function drawBlock(block, context, actions) {
  switch (block.kind) {
    case "date":
      return el("li", { class: "divider date" }, el("span", {}, dayName(block.date)));
    case "unread":
      return el("li", { class: "divider unread" }, el("span", {}, "New messages"));
    case "service":
      return el(
        "li",
        { class: "divider service", dataset: { messageId: block.messages[0].message_id } },
        el("span", {}, block.text),
      );
    default:
      return messageRow(block, context, actions);
  }
}

// An edit replaces the row; what the eye follows (the picture, the focus) is carried over.
export function redrawBlock(oldRow, block, context, actions) {
  const row = drawBlock(block, context, actions);
  row.classList.add("redrawn");
  crossfade(oldRow.mediaNode, row.mediaNode);
  const focused = oldRow.contains(document.activeElement) ? document.activeElement : null;
  oldRow.replaceWith(row);
  if (focused) {
    const position = [...oldRow.querySelectorAll("button, a")].indexOf(focused);
    (row.querySelectorAll("button, a")[position] ?? row.querySelector("button, a"))?.focus({ preventScroll: true });
  }
  return row;
}
