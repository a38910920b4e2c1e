// What the page knows: users, chats, the messages of every opened chat, and who is typing.
// Panes share it, so that two people in one group see the same messages.

import * as api from "./api.js";
import { idOf, isWhisper } from "./message.js";

const ACTION_LASTS_MS = 5000; // Telegram's own
const ANSWER_LIMIT_MS = 20000; // a little longer than a callback query lives

class Chat {
  messages = new Map();
  reactions = new Map(); // by message, then by user
  wanted = false;
  loaded = false;
  loading = null;
  waiting = [];
  action = null;
  actionTimer = null;

  // Reactions travel with their message: a new object tells the timeline that something changed.
  keep(message) {
    const reactions = [...(this.reactions.get(idOf(message)) ?? [])].map(([user_id, emoji]) => ({ user_id, emoji }));
    this.messages.set(idOf(message), reactions.length > 0 ? { ...message, reactions } : message);
  }

  react({ message_id: messageId, user_id: userId, emoji }) {
    const given = this.reactions.get(messageId) ?? new Map();
    if (emoji) given.set(userId, emoji);
    else given.delete(userId);
    this.reactions.set(messageId, given);
    const { reactions, ...message } = this.messages.get(messageId) ?? {};
    if (message.message_id) this.keep(message);
  }

  sorted() {
    return [...this.messages.values()].sort((a, b) => idOf(a) - idOf(b));
  }
}

const bringsMedia = (message) => Boolean(message.photo ?? message.video ?? message.animation ?? message.document);

// Emits "lists", "chat" {chatId, kind, message?} and "action" {chatId}.
export class Store extends EventTarget {
  users = [];
  chats = [];
  #opened = new Map();
  #answers = new Map();
  #waiters = new Map();

  constructor(feed) {
    super();
    feed.addEventListener("message", ({ detail }) => this.#receive("message", detail));
    feed.addEventListener("edit", ({ detail }) => this.#receive("edit", detail));
    feed.addEventListener("delete", ({ detail }) => this.#receive("delete", detail));
    feed.addEventListener("reaction", ({ detail }) => this.#receive("reaction", detail));
    feed.addEventListener("chat_action", ({ detail }) => this.#act(detail));
    feed.addEventListener("callback_answer", ({ detail }) =>
      this.#answer(String(detail.id), { answered: true, ...detail }),
    );
    feed.addEventListener("up", () => this.#catchUp());
  }

  async refreshLists() {
    [this.users, this.chats] = await Promise.all([api.users(), api.chats()]);
    this.dispatchEvent(new Event("lists"));
  }

  user = (id) => this.users.find((user) => user.id === id);
  group = (id) => this.chats.find((chat) => chat.id === id && chat.type !== "private");
  groupsOf = (userId) => this.chats.filter((chat) => chat.type !== "private" && chat.member_ids.includes(userId));

  chat(chatId) {
    if (!this.#opened.has(chatId)) this.#opened.set(chatId, new Chat());
    return this.#opened.get(chatId);
  }

  open(chatId) {
    const chat = this.chat(chatId);
    chat.wanted = true;
    return chat.loaded ? Promise.resolve() : this.#load(chatId, chat);
  }

  // Events that arrive while the list is on its way are applied after it, in their order.
  #load(chatId, chat) {
    chat.loading ??= Promise.all([api.messages(chatId), api.reactions(chatId)])
      .then(([messages, reactions]) => {
        chat.messages.clear();
        chat.reactions.clear();
        reactions.forEach((reaction) => chat.react(reaction));
        messages.forEach((message) => chat.keep(message));
        chat.loaded = true;
        chat.waiting.splice(0).forEach(([kind, detail]) => this.#apply(chat, kind, detail));
        this.#tell(chatId, "loaded");
      })
      .finally(() => {
        chat.loading = null;
      });
    return chat.loading;
  }

  async #catchUp() {
    await this.refreshLists().catch(() => {});
    for (const [chatId, chat] of this.#opened) {
      if (chat.wanted) this.#load(chatId, chat).catch(() => {});
    }
    for (const id of this.#waiters.keys()) this.#ask(id);
  }

  #receive(kind, detail) {
    const chat = this.#opened.get(detail.chat_id);
    if (chat?.loading) chat.waiting.push([kind, detail]);
    if (chat?.loaded) this.#apply(chat, kind, detail);
    if (detail.message?.from?.is_bot && (kind === "message" || bringsMedia(detail.message)))
      this.#quiet(detail.chat_id);
    if (!this.user(detail.chat_id) && !this.group(detail.chat_id)) this.refreshLists().catch(() => {});
    this.#tell(detail.chat_id, kind, detail.message);
  }

  #apply(chat, kind, detail) {
    if (kind === "delete") chat.messages.delete(idOf(detail));
    else if (kind === "reaction") chat.react(detail);
    else chat.keep(detail.message);
  }

  #tell(chatId, kind, message) {
    this.dispatchEvent(new CustomEvent("chat", { detail: { chatId, kind, message } }));
  }

  #act({ chat_id: chatId, action }) {
    const chat = this.chat(chatId);
    clearTimeout(chat.actionTimer);
    chat.action = action;
    chat.actionTimer = setTimeout(() => this.#quiet(chatId), ACTION_LASTS_MS);
    this.dispatchEvent(new CustomEvent("action", { detail: { chatId } }));
  }

  #quiet(chatId) {
    const chat = this.#opened.get(chatId);
    if (!chat?.action) return;
    clearTimeout(chat.actionTimer);
    chat.action = null;
    this.dispatchEvent(new CustomEvent("action", { detail: { chatId } }));
  }

  // Resolves to the bot's answer, or to {answered: false} when none came in time.
  async press(fromId, chatId, message, data) {
    const target = isWhisper(message) ? "ephemeral_message_id" : "message_id";
    const { id } = await api.press({ from_id: fromId, chat_id: chatId, [target]: idOf(message), data });
    const key = String(id);
    // The event may be faster than the response that names it.
    if (this.#answers.has(key)) return this.#take(key);
    return new Promise((resolve) => {
      const timer = setTimeout(async () => {
        if (!(await this.#ask(key))) {
          this.#waiters.delete(key);
          resolve({ answered: false });
        }
      }, ANSWER_LIMIT_MS);
      this.#waiters.set(key, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
  }

  #take(key) {
    const answer = this.#answers.get(key);
    this.#answers.delete(key);
    return answer;
  }

  #answer(key, answer) {
    const waiter = this.#waiters.get(key);
    this.#waiters.delete(key);
    if (waiter) waiter(answer);
    else this.#answers.set(key, answer);
    if (this.#answers.size > 100) this.#answers.delete(this.#answers.keys().next().value);
  }

  async #ask(key) {
    const answer = await api.callback(key).catch(() => null);
    if (!answer?.answered || !this.#waiters.has(key)) return false;
    this.#answer(key, answer);
    return true;
  }
}
