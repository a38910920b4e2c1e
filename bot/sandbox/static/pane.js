// One column of the page: one person, one chat. It looks and works like that person's phone.

import * as api from "./api.js";
import { copyText } from "./clipboard.js";
import { Composer } from "./composer.js";
import { nameOf, plural } from "./format.js";
import { Frame } from "./frame.js";
import { chooseChat, choosePerson, messageMenu } from "./menus.js";
import { idOf, isSeenBy } from "./message.js";
import { openApp } from "./miniapp.js";
import * as overlay from "./overlay.js";
import { isDark } from "./theme.js";
import { Timeline } from "./timeline.js";
import { offerFiles } from "./upload.js";
import { emptyGroup, emptyPrivateChat, waitingForBot } from "./welcome.js";

const ACTIONS = {
  typing: "typing",
  upload_photo: "sending a picture",
  upload_video: "sending a video",
  record_video: "making a video",
  upload_document: "sending a file",
  upload_voice: "sending a voice message",
  record_voice: "recording a voice message",
  choose_sticker: "choosing a sticker",
  find_location: "looking for a place",
};

const BOT_WAIT_MS = 2000; // between two looks for a bot, while none has come
const UNKNOWN_BOT = { id: 0, is_bot: true, first_name: "…" };
const NO_BOT = { id: 0, is_bot: true, first_name: "No bot yet" };

// page: {store, lightbox, changed(), remove(pane)}
export class Pane {
  #pending = new Set();
  #elsewhere = new Map();
  #drafts = new Map();
  #info = null;
  #again = null;
  #queue = Promise.resolve();
  #ears = new AbortController();

  constructor(page, userId, chatId) {
    this.page = page;
    this.userId = userId;
    this.chatId = chatId;
    this.#build();
    const { store } = page;
    const { signal } = this.#ears;
    store.addEventListener("chat", ({ detail }) => this.#changed(detail), { signal });
    store.addEventListener("action", ({ detail }) => detail.chatId === this.chatId && this.#status(), { signal });
    store.addEventListener("lists", () => this.#head(), { signal });
    this.show(chatId);
  }

  #build() {
    this.timeline = new Timeline(this.#messageActions());
    this.composer = new Composer({
      send: (text, replyTo) => this.#send(text, replyTo),
      files: (files) => this.#offer(files),
      commands: () => this.#commands(),
      command: (command) => this.#command(command),
      openApp: (app, title) => openApp(this.element, app.url, title, isDark()),
      toast: (text) => this.toast(text),
    });
    this.frame = new Frame(this.timeline, this.composer, {
      chat: (anchor) => chooseChat(this, anchor),
      person: (anchor) => choosePerson(this, anchor),
      close: () => this.page.remove(this),
      files: (files) => this.#offer(files),
    });
    this.element = this.frame.element;
  }

  get user() {
    return this.page.store.user(this.userId) ?? { id: this.userId, first_name: `User ${this.userId}` };
  }

  get bot() {
    if (this.#info === null) return this.page.store.bot ?? UNKNOWN_BOT;
    return this.#info.bot ?? NO_BOT;
  }

  unreadIn(chatId) {
    return this.#elsewhere.get(chatId) ?? 0;
  }

  get group() {
    return this.page.store.group(this.chatId);
  }

  destroy() {
    this.#ears.abort();
    clearTimeout(this.#again);
    this.element.remove();
  }

  async show(chatId) {
    this.#drafts.set(this.chatId, this.composer.draft);
    this.chatId = chatId;
    this.#elsewhere.delete(chatId);
    this.#info = null;
    this.timeline.reset();
    this.composer.replyTo(null);
    this.composer.draft = this.#drafts.get(chatId) ?? "";
    this.#head();
    this.page.changed();
    await Promise.all([this.page.store.open(chatId), this.#commands()]).catch((error) => this.toast(error.message));
    if (this.chatId === chatId) this.#render();
  }

  #changed({ chatId, kind, message }) {
    if (message && !isSeenBy(message, this.userId)) return null;
    const theirs = kind === "message" && message.from?.id !== this.userId;
    if (chatId !== this.chatId) {
      const mine = chatId === this.userId || this.page.store.groupsOf(this.userId).some((chat) => chat.id === chatId);
      if (theirs && mine) this.#elsewhere.set(chatId, (this.#elsewhere.get(chatId) ?? 0) + 1);
      return this.#head();
    }
    if (theirs) {
      this.timeline.arrived(message);
      const words = message.text ?? message.caption ?? "a picture or a file";
      this.frame.announce(`${message.from ? nameOf(message.from) : "New message"}: ${words}`);
    } else if (kind === "message") {
      this.timeline.sent();
    }
    return this.#render();
  }

  #render() {
    const chat = this.page.store.chat(this.chatId);
    if (!chat.loaded) return;
    const messages = chat.sorted().filter((message) => isSeenBy(message, this.userId));
    this.timeline.show(messages, { viewerId: this.userId, inGroup: Boolean(this.group), pending: this.#pending });
    this.frame.welcome.hidden = messages.length > 0;
    if (messages.length === 0) this.#welcome();
  }

  #head() {
    const news = [...this.#elsewhere.values()].reduce((sum, count) => sum + count, 0);
    this.frame.head({ bot: this.bot, group: this.group, user: this.user, news });
    this.#status();
  }

  #status() {
    const { action } = this.page.store.chat(this.chatId);
    const idle = this.group ? plural(this.group.member_ids.length, "member", "members") : this.bot === NO_BOT ? "waiting for a bot" : "bot";
    this.frame.status(action ? (ACTIONS[action] ?? "working") : idle, Boolean(action));
  }

  #welcome() {
    const { bot, group } = this;
    const start = () => this.#send("/start");
    if (bot === NO_BOT) this.frame.welcome.replaceChildren(...waitingForBot(bot));
    else if (group) this.frame.welcome.replaceChildren(...emptyGroup(group, bot));
    else this.frame.welcome.replaceChildren(...emptyPrivateChat(bot, this.#info?.description, start));
  }

  async #commands() {
    const { chatId, userId } = this;
    const info = await api.bot(userId, chatId, this.user.language_code).catch(() => null);
    if (info !== null && chatId === this.chatId && userId === this.userId) {
      this.#info = info;
      this.page.store.bot = info.bot;
      this.composer.menuButton = info.menu_button;
      this.#head();
      if (!this.frame.welcome.hidden) this.#welcome();
      clearTimeout(this.#again);
      if (!info.bot) this.#again = setTimeout(() => this.#commands(), BOT_WAIT_MS);
    }
    return info?.commands ?? [];
  }

  // In a group a command names its bot, as Telegram's own clients write it.
  #command(command) {
    const name = this.bot.username;
    return this.#send(this.group && name && !command.includes("@") ? `${command}@${name}` : command);
  }

  // Messages of one person leave in the order in which they were written.
  #send(text, replyTo) {
    const { chatId, userId } = this;
    this.#queue = this.#queue
      .then(() => api.sendText(chatId, userId, text, replyTo))
      .then(() => true)
      .catch((error) => {
        this.toast(error.message);
        return false;
      });
    return this.#queue;
  }

  toast(text, options) {
    overlay.toast(this.element, text, options);
  }

  async #offer(files) {
    const target = { chatId: this.chatId, fromId: this.userId, replyTo: this.composer.takeReply() };
    await offerFiles(this.element, files, target);
    this.composer.focus();
  }

  #messageActions() {
    const { store, lightbox } = this.page;
    return {
      command: (text) => this.#command(text),
      copy: (text) => this.copy(text),
      toast: (text) => this.toast(text),
      insert: (query) => this.composer.insert(`@${this.bot.username ?? "bot"} ${query}`),
      open: (message) => {
        const shown = store.chat(this.chatId).sorted();
        lightbox.open(
          shown.filter((each) => (each.photo || each.video) && isSeenBy(each, this.userId)),
          message,
        );
      },
      openApp: (url, title) => openApp(this.element, url, title, isDark()),
      jump: (messageId) => this.timeline.jumpTo(messageId),
      reply: (message) => this.composer.replyTo(message),
      react: (message, emoji) => this.react(message, emoji),
      person: (id) => store.user(id) ?? (id === this.bot.id ? this.bot : { id, first_name: `User ${id}` }),
      press: (message, data, node) => this.#press(message, data, node),
      menu: (message, event) => messageMenu(this, message, event),
    };
  }

  async copy(text) {
    this.toast((await copyText(text)) ? "Copied" : "The browser does not allow copying here.");
  }

  react(message, emoji) {
    return api
      .react(this.userId, this.chatId, message.message_id, emoji)
      .catch((error) => this.toast(error.message));
  }

  async #press(message, data, node) {
    const key = `${idOf(message)}:${data}`;
    this.#pending.add(key);
    node.classList.add("waits");
    node.setAttribute("aria-busy", "true");
    try {
      const answer = await this.page.store.press(this.userId, this.chatId, message, data);
      if (!answer.answered) this.toast("The bot has not answered yet.");
      else if (answer.url) this.toast(answer.text || "The bot offers a link.", { link: answer.url });
      else if (answer.text && answer.show_alert) overlay.alert(this.element, answer.text);
      else if (answer.text) this.toast(answer.text);
    } catch (error) {
      this.toast(error.message);
    } finally {
      this.#pending.delete(key);
      for (const waiting of this.element.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)) {
        waiting.classList.remove("waits");
        waiting.removeAttribute("aria-busy");
      }
    }
  }

  become(userId) {
    this.userId = userId;
    this.#elsewhere.clear();
    return this.show(this.group?.member_ids.includes(userId) ? this.chatId : userId);
  }
}
