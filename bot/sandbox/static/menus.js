// The menus of a pane: which chat, which person, what to do with a message.

import * as api from "./api.js";
import { groupAvatar, userAvatar } from "./avatar.js";
import { el, icon } from "./dom.js";
import { nameOf, plural } from "./format.js";
import { createGroup, createUser } from "./newcomers.js";
import { isWhisper } from "./message.js";
import { dialog, menu } from "./overlay.js";
import { OFFERED } from "./reactions.js";

async function freshLists(pane) {
  await pane.page.store.refreshLists().catch((error) => pane.toast(error.message));
  return pane.page.store;
}

export async function chooseChat(pane, anchor) {
  const store = await freshLists(pane);
  const entry = (chatId, label, hint, face) => ({
    label,
    hint,
    face,
    checked: chatId === pane.chatId,
    badge: pane.unreadIn(chatId),
    run: () => pane.show(chatId),
  });
  const newGroup = async () => {
    const chat = await createGroup(pane.element, pane.page.store, pane.userId);
    if (chat) pane.show(chat.id);
  };
  menu(pane.element, "Chats", anchor, [
    { heading: "Chats" },
    entry(pane.userId, nameOf(pane.bot), "private chat", userAvatar(pane.bot)),
    ...store.groupsOf(pane.userId).map((chat) => entry(chat.id, chat.title, "group", groupAvatar(chat))),
    ...botsPlace(pane),
    { label: "New group…", face: icon("plus"), run: newGroup },
  ]);
}

export async function choosePerson(pane, anchor) {
  const store = await freshLists(pane);
  const newPerson = async () => {
    const user = await createUser(pane.element, pane.page.store);
    if (user) pane.become(user.id);
  };
  menu(pane.element, "People", anchor, [
    { heading: plural(store.users.length, "person", "people") },
    ...store.users.map((user) => ({
      label: nameOf(user),
      hint: user.username ? `@${user.username}` : `id ${user.id}`,
      face: userAvatar(user),
      checked: user.id === pane.userId,
      run: () => pane.become(user.id),
    })),
    { label: "New person…", face: icon("plus"), run: newPerson },
  ]);
}

// Only an administrator hears of reactions in a group, and of everything that is said.
function botsPlace(pane) {
  const { group, bot } = pane;
  if (!group || !bot.id) return [];
  const isAdmin = group.administrator_ids.includes(bot.id);
  const change = async () => {
    await api.placeBot(group.id, isAdmin ? "member" : "administrator").catch((error) => pane.toast(error.message));
    await freshLists(pane);
  };
  const label = isAdmin ? "Make the bot a plain member" : "Make the bot an administrator";
  return [{ label, hint: group.title, face: userAvatar(bot), run: change }];
}

function inspect(pane, { reactions, ...message }) {
  const text = JSON.stringify(message, null, 2);
  dialog(pane.element, `Message ${message.message_id}`, () => [
    el("pre", { class: "inspect", tabindex: "0" }, text),
    el(
      "div",
      { class: "dialog-foot" },
      el("button", { type: "button", class: "primary", on: { click: () => pane.copy(text) } }, "Copy"),
    ),
  ]);
}

// Where a link, selected text or a field was pressed, the browser's own menu is the useful one.
export function messageMenu(pane, message, event) {
  if (event.target.closest("a, textarea") || String(getSelection())) return;
  event.preventDefault();
  const text = message.text ?? message.caption;
  const offers = OFFERED.map((emoji) => ({ label: emoji, run: () => pane.react(message, emoji) }));
  const at = { left: event.clientX, right: event.clientX, top: event.clientY, bottom: event.clientY };
  menu(pane.element, "Message", at, [
    ...(isWhisper(message)
      ? []
      : [{ label: "Reply", face: icon("reply"), run: () => pane.composer.replyTo(message) }, ...offers]),
    ...(text ? [{ label: "Copy text", face: icon("copy"), run: () => pane.copy(text) }] : []),
    { label: "Show as JSON", face: icon("braces"), run: () => inspect(pane, message) },
  ]);
}
