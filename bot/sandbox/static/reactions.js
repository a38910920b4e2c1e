// Reactions: the chips under a message, and the heart beside it.

import { button, el, icon } from "./dom.js";
import { nameOf, plural } from "./format.js";
import { isWhisper } from "./message.js";

export const HEART = "❤";
export const OFFERED = [HEART, "👍", "🔥", "🎉", "😁", "👀"];

// Without the selector many fonts draw the heart as a letter.
const shown = (emoji) => (emoji === HEART ? `${HEART}\ufe0f` : emoji);
const mine = (message, viewerId) => message.reactions?.find(({ user_id: userId }) => userId === viewerId)?.emoji;

// The same emoji again takes it away, as in Telegram.
function toggle(message, emoji, viewerId, actions) {
  return actions.react(message, mine(message, viewerId) === emoji ? null : emoji);
}

export function reactionChips(message, { viewerId }, actions) {
  const byEmoji = new Map();
  for (const { emoji, user_id: userId } of message.reactions ?? []) {
    byEmoji.set(emoji, [...(byEmoji.get(emoji) ?? []), userId]);
  }
  if (byEmoji.size === 0) return null;
  const chip = ([emoji, userIds]) => {
    const names = userIds.map((id) => nameOf(actions.person(id))).join(", ");
    return button(
      `${shown(emoji)} from ${names}`,
      {
        class: `chip${userIds.includes(viewerId) ? " mine" : ""}`,
        "aria-pressed": String(userIds.includes(viewerId)),
        on: { click: () => toggle(message, emoji, viewerId, actions) },
      },
      el("span", { class: "chip-emoji", "aria-label": plural(userIds.length, "person", "people") }, shown(emoji)),
      userIds.length > 1 ? el("span", {}, String(userIds.length)) : null,
    );
  };
  const inOrder = [...byEmoji].sort(([a, some], [b, more]) => more.length - some.length || (a < b ? -1 : 1));
  return el("div", { class: "chips" }, inOrder.map(chip));
}

export function heart(message, { viewerId }, actions) {
  if (isWhisper(message) || message.from?.id === viewerId) return null;
  const is = mine(message, viewerId) === HEART;
  return button(
    is ? "Take the heart away" : "Give a heart",
    { class: `row-action heart${is ? " mine" : ""}`, on: { click: () => toggle(message, HEART, viewerId, actions) } },
    icon("heart"),
  );
}
