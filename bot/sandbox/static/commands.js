// The list of the bot's commands above the compose box: all of them, or those that begin as the text does.

import { el } from "./dom.js";

export class CommandMenu {
  #entries = [];
  #at = 0;
  #box;
  #pick;
  element = el("div", {
    class: "commands",
    role: "listbox",
    "aria-label": "Commands of the bot",
    id: `commands-${crypto.getRandomValues(new Uint32Array(1))[0]}`,
    hidden: true,
  });

  // box: the text field that keeps the focus while the list is walked.
  constructor(box, pick) {
    this.#box = box;
    this.#pick = pick;
    box.setAttribute("aria-controls", this.element.id);
    this.hide();
  }

  get open() {
    return !this.element.hidden;
  }

  // commands: [{command, description}]; typed: the text so far, or "" for all.
  show(commands, typed) {
    const prefix = typed.replace(/^\//u, "").toLowerCase();
    this.#entries = commands.filter(({ command }) => command.startsWith(prefix));
    this.#at = 0;
    this.element.hidden = this.#entries.length === 0;
    this.element.replaceChildren(
      ...this.#entries.map(({ command, description }, index) =>
        el(
          "button",
          {
            type: "button",
            class: "command",
            role: "option",
            tabindex: "-1",
            id: `${this.element.id}-${index}`,
            on: { click: () => this.choose(index), pointermove: () => this.#point(index) },
          },
          el("span", { class: "command-name" }, `/${command}`),
          el("span", { class: "command-description" }, description),
        ),
      ),
    );
    this.#mark();
  }

  hide() {
    this.element.hidden = true;
    this.#box.removeAttribute("aria-activedescendant");
  }

  choose(index = this.#at) {
    const entry = this.#entries[index];
    this.hide();
    if (entry) this.#pick(entry.command);
  }

  move(step) {
    this.#at = (this.#at + step + this.#entries.length) % this.#entries.length;
    this.#mark();
  }

  #point(index) {
    if (index === this.#at) return;
    this.#at = index;
    this.#mark();
  }

  #mark() {
    [...this.element.children].forEach((child, index) => {
      child.setAttribute("aria-selected", String(index === this.#at));
      if (index !== this.#at) return;
      child.scrollIntoView({ block: "nearest" });
      this.#box.setAttribute("aria-activedescendant", child.id);
    });
  }
}
