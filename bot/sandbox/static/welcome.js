// What an empty chat shows.

import { groupAvatar, userAvatar } from "./avatar.js";
import { el } from "./dom.js";
import { nameOf } from "./format.js";

const screen = (face, title, ...rest) => [face, el("h2", {}, title), ...rest];

export function waitingForBot(bot) {
  const address = el("code", {}, location.origin);
  return screen(
    userAvatar(bot),
    nameOf(bot),
    el("p", {}, "Start a bot with this address as its Bot API server: ", address),
  );
}

export function emptyGroup(group, bot) {
  const mention = bot.username ? `, and messages that name @${bot.username}` : "";
  return screen(groupAvatar(group), group.title, el("p", {}, `The bot reads commands, replies to it${mention}.`));
}

export function emptyPrivateChat(bot, description, start) {
  const press = el("button", { type: "button", class: "primary start", on: { click: start } }, "Start");
  return screen(
    userAvatar(bot),
    nameOf(bot),
    el("p", {}, description || "Press Start to begin the conversation."),
    press,
  );
}
