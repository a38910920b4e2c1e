// The compose box: text, reply, commands, and the ways in for files (button, paste; the pane adds drag and drop).

import { summary } from "./bubble.js";
import { CommandMenu } from "./commands.js";
import { button, el, icon } from "./dom.js";
import { nameOf } from "./format.js";

const TALLEST_PX = 160;

// actions: {send(text, replyTo) -> Promise, command(text), files(list), commands() -> Promise, openApp(app, title), toast(text)}
export class Composer {
  #actions;
  #replyTo = null;
  #text = el("textarea", {
    rows: "1",
    placeholder: "Message",
    "aria-label": "Message",
    autocomplete: "off",
    enterkeyhint: "send",
    dir: "auto",
  });
  #reply = el("div", { class: "reply-bar", hidden: true });
  #commands;
  #menu;
  #app = el("button", { type: "button", class: "soft app-button", hidden: true });
  #picker = el("input", { type: "file", multiple: true, hidden: true, "aria-label": "Files to send" });

  constructor(actions) {
    this.#actions = actions;
    this.#commands = new CommandMenu(this.#text, (command) => this.#run(command));
    this.#menu = button(
      "Commands",
      { class: "ghost commands-button", on: { click: () => this.#toggleCommands() } },
      icon("menu"),
    );
    const attach = button(
      "Attach files",
      { class: "ghost attach", on: { click: () => this.#picker.click() } },
      icon("attach"),
    );
    this.submit = button("Send", { class: "submit", on: { click: () => this.#submit() } }, icon("send"));
    this.element = el(
      "div",
      { class: "composer" },
      this.#commands.element,
      this.#reply,
      el("div", { class: "compose-row" }, this.#app, this.#menu, this.#text, attach, this.submit, this.#picker),
    );
    this.#text.addEventListener("input", () => this.#typed());
    this.#text.addEventListener("keydown", (event) => this.#key(event));
    this.#text.addEventListener("paste", (event) => this.#paste(event));
    this.#text.addEventListener("blur", () =>
      setTimeout(() => !this.element.contains(document.activeElement) && this.#commands.hide(), 150),
    );
    this.#picker.addEventListener("change", () => {
      if (this.#picker.files.length) this.#actions.files([...this.#picker.files]);
      this.#picker.value = "";
    });
    this.#typed();
  }

  // The bot's MenuButton: a Mini App takes a button of its own; everything else is the list of commands.
  set menuButton(menu) {
    const opensApp = menu?.type === "web_app";
    this.#app.hidden = !opensApp;
    this.#app.replaceChildren(icon("app"), opensApp ? menu.text : "");
    this.#app.onclick = opensApp ? () => this.#actions.openApp(menu.web_app, menu.text) : null;
  }

  get draft() {
    return this.#text.value;
  }

  set draft(text) {
    this.#text.value = text;
    this.#typed();
  }

  focus() {
    this.#text.focus({ preventScroll: true });
  }

  insert(text) {
    this.draft = text;
    this.focus();
  }

  replyTo(message) {
    this.#replyTo = message;
    this.#reply.hidden = message === null;
    if (message === null) return;
    this.#reply.replaceChildren(
      icon("reply"),
      el(
        "div",
        { class: "quote" },
        el("span", { class: "quote-name" }, message.from ? nameOf(message.from) : "Message"),
        el("span", { class: "quote-text" }, summary(message)),
      ),
      button("Do not reply", { class: "ghost", on: { click: () => this.replyTo(null) } }, icon("close")),
    );
    this.focus();
  }

  takeReply() {
    const id = this.#replyTo?.message_id;
    this.replyTo(null);
    return id;
  }

  #typed() {
    this.#text.style.height = "auto";
    // Not laid out yet: the height of one row is right.
    if (this.#text.scrollHeight > 0) this.#text.style.height = `${Math.min(TALLEST_PX, this.#text.scrollHeight)}px`;
    this.submit.disabled = this.#text.value.trim() === "";
    if (/^\/[a-z0-9_]*$/iu.test(this.#text.value)) this.#offer(this.#text.value);
    else this.#commands.hide();
  }

  async #offer(typed) {
    const commands = await this.#actions.commands();
    if (typed !== "" && this.#text.value !== typed) return;
    this.#commands.show(commands, typed);
    if (typed === "" && commands.length === 0) this.#actions.toast("The bot has set no commands.");
  }

  #toggleCommands() {
    if (this.#commands.open) this.#commands.hide();
    else this.#offer("");
    this.focus();
  }

  #run(command) {
    this.draft = "";
    this.#actions.command(`/${command}`);
    this.focus();
  }

  #key(event) {
    if (event.isComposing) return;
    if (this.#commands.open) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        event.preventDefault();
        return this.#commands.move(step);
      }
      if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey)) {
        event.preventDefault();
        return this.#commands.choose();
      }
    }
    if (event.key === "Escape") {
      if (this.#commands.open) this.#commands.hide();
      else this.replyTo(null);
    } else if (event.key === "Enter" && !event.shiftKey && !matchMedia("(pointer: coarse)").matches) {
      event.preventDefault();
      this.#submit();
    }
  }

  #paste(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    this.#actions.files(files);
  }

  async #submit() {
    const text = this.draft.trim();
    if (text === "") return;
    const replied = this.#replyTo;
    this.draft = "";
    const sent = await this.#actions.send(text, this.takeReply());
    if (!sent && this.draft === "") {
      this.draft = text;
      this.replyTo(replied);
    }
    this.focus();
  }
}
