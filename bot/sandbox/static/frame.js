// The skeleton of a pane: head with the chat and the person, wall, compose box, drop target.

import { groupAvatar, userAvatar } from "./avatar.js";
import { button, el, icon } from "./dom.js";
import { nameOf } from "./format.js";

function headButton(kind, title, press, ...children) {
  const node = el("button", { type: "button", class: kind, "aria-haspopup": "menu", title }, ...children);
  node.addEventListener("click", () => press(node));
  return node;
}

const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

function listenForDrops(pane, take) {
  const hover = (is) => pane.classList.toggle("dropping", is);
  pane.addEventListener("dragenter", (event) => carriesFiles(event) && hover(true));
  pane.addEventListener("dragleave", (event) => !pane.contains(event.relatedTarget) && hover(false));
  pane.addEventListener("drop", (event) => {
    hover(false);
    if (carriesFiles(event)) take([...event.dataTransfer.files]);
  });
}

// A file dropped beside a pane would otherwise replace the page.
export function keepDroppedFilesOut() {
  for (const kind of ["dragover", "drop"]) {
    document.addEventListener(kind, (event) => carriesFiles(event) && event.preventDefault());
  }
}

export class Frame {
  #title = el("span", { class: "chat-title" });
  #status = el("span", { class: "chat-status" });
  #chatFace = el("span", { class: "chat-face" });
  #news = el("span", { class: "badge" });
  #person = el("span", { class: "person-name" });
  #personFace = el("span", { class: "person-face" });
  #announcer = el("div", { class: "hidden-words", "aria-live": "polite" });
  welcome = el("div", { class: "empty", hidden: true });

  // actions: {chat(anchor), person(anchor), close(), files(list)}
  constructor(timeline, composer, actions) {
    const line = el("span", { class: "chat-line" }, this.#title, icon("chevron"), this.#news);
    const words = el("span", { class: "chat-words" }, line, this.#status);
    const close = button(
      "Close this column",
      { class: "ghost pane-close", on: { click: actions.close } },
      icon("close"),
    );
    this.element = el(
      "section",
      { class: "pane" },
      el(
        "header",
        { class: "pane-head" },
        headButton("chat-button", "Choose the chat", actions.chat, this.#chatFace, words),
        headButton(
          "person-button",
          "Choose the person",
          actions.person,
          this.#personFace,
          this.#person,
          icon("chevron"),
        ),
        close,
      ),
      el("div", { class: "pane-body" }, timeline.element, this.welcome),
      composer.element,
      this.#announcer,
      el("div", { class: "drop" }, el("div", {}, icon("image"), el("span", {}, "Drop to send"))),
    );
    listenForDrops(this.element, actions.files);
  }

  head({ bot, group, user, news }) {
    this.#title.textContent = group ? group.title : nameOf(bot);
    this.#chatFace.replaceChildren(group ? groupAvatar(group) : userAvatar(bot));
    this.#person.textContent = nameOf(user);
    this.#personFace.replaceChildren(userAvatar(user));
    this.#news.textContent = news ? String(news) : "";
    this.element.setAttribute("aria-label", `${nameOf(user)} in ${this.#title.textContent}`);
  }

  status(text, active) {
    this.#status.classList.toggle("active", active);
    this.#status.textContent = text;
  }

  announce(text) {
    this.#announcer.textContent = text;
  }
}
