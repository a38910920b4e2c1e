// The page: a row of panes over one store and one stream of events.

import { userAvatar } from "./avatar.js";
import { button, clear, el, icon } from "./dom.js";
import { Feed } from "./feed.js";
import { nameOf } from "./format.js";
import { keepDroppedFilesOut } from "./frame.js";
import { Lightbox } from "./lightbox.js";
import { createUser } from "./newcomers.js";
import { Pane } from "./pane.js";
import { Store } from "./store.js";
import * as theme from "./theme.js";

const KEY = "sandbox-panes";

class Page {
  #feed = new Feed();
  #stage = document.querySelector("#stage");
  #banner = document.querySelector("#banner");
  #unseen = 0;
  #sight = new IntersectionObserver(
    (entries) =>
      entries.forEach(({ target, isIntersecting }) =>
        target.face?.setAttribute("aria-current", String(isIntersecting)),
      ),
    { root: document.querySelector("#stage"), threshold: 0.6 },
  );
  panes = [];
  store = new Store(this.#feed);
  lightbox = new Lightbox();

  async start() {
    document.body.append(this.lightbox.element);
    this.#toolbar();
    this.#feed.addEventListener("up", () => this.#connection(true));
    this.#feed.addEventListener("down", () => this.#connection(false));
    this.store.addEventListener("chat", ({ detail }) => this.#count(detail));
    document.addEventListener("visibilitychange", () => this.#seen());
    keepDroppedFilesOut();
    this.#feed.open();
    await this.#firstLists();
    const wanted = this.#remembered();
    if (wanted.length === 0) this.#firstPerson();
    for (const { userId, chatId } of wanted) this.add(userId, chatId);
  }

  // The sandbox may still be starting when the page is already open.
  async #firstLists() {
    for (;;) {
      try {
        return await this.store.refreshLists();
      } catch {
        this.#connection(false);
        await new Promise((resolve) => this.#feed.addEventListener("up", resolve, { once: true }));
      }
    }
  }

  // ?as=1000,1001 in the address wins; then what this browser had open; then the newest person alone.
  #remembered() {
    const asked = new URLSearchParams(location.search).get("as");
    const known = ({ userId, chatId }) => this.store.user(userId) && (chatId === userId || this.store.group(chatId));
    if (asked) {
      const ids = asked.split(",").map(Number);
      return ids.map((id) => ({ userId: id, chatId: id })).filter(known);
    }
    let saved = [];
    try {
      saved = (JSON.parse(localStorage.getItem(KEY)) ?? []).filter(known);
    } catch {
      localStorage.removeItem(KEY);
    }
    const newest = this.store.users.at(-1);
    return saved.length > 0 || !newest ? saved : [{ userId: newest.id, chatId: newest.id }];
  }

  add(userId, chatId = userId) {
    const pane = new Pane(this, userId, chatId);
    if (this.panes.length === 0) clear(this.#stage);
    this.panes.push(pane);
    this.#stage.append(pane.element);
    this.changed();
    pane.element.scrollIntoView({ inline: "center", block: "nearest" });
    if (!matchMedia("(pointer: coarse)").matches) pane.composer.focus();
    return pane;
  }

  remove(pane) {
    this.panes = this.panes.filter((each) => each !== pane);
    pane.destroy();
    this.changed();
    this.panes.at(-1)?.composer.focus();
  }

  changed() {
    this.#people();
    this.#stage.dataset.panes = String(this.panes.length);
    this.#stage.classList.toggle("several", this.panes.length > 1);
    localStorage.setItem(KEY, JSON.stringify(this.panes.map(({ userId, chatId }) => ({ userId, chatId }))));
  }

  // On a phone one pane fills the screen; these faces lead to the others.
  #people() {
    const faces = this.panes.map((pane) =>
      button(
        `Go to ${nameOf(pane.user)}`,
        { on: { click: () => pane.element.scrollIntoView({ inline: "center", behavior: "smooth" }) } },
        userAvatar(pane.user),
      ),
    );
    document.querySelector("#people").replaceChildren(...(faces.length > 1 ? faces : []));
    this.#sight.disconnect();
    this.panes.forEach((pane, index) => {
      pane.element.face = faces[index];
      this.#sight.observe(pane.element);
    });
  }

  #toolbar() {
    const add = document.querySelector("#add-pane");
    add.append(icon("plus"), el("span", {}, "Add a person"));
    add.addEventListener("click", () => this.#addPane());
    const toggle = document.querySelector("#theme");
    const draw = () => {
      toggle.replaceChildren(icon(theme.ICONS[theme.chosen()]));
      toggle.setAttribute("aria-label", `Colours: ${theme.chosen()}`);
      toggle.title = `Colours: ${theme.chosen()}`;
    };
    toggle.addEventListener("click", () => {
      theme.next();
      draw();
    });
    draw();
    const retry = button("Try now", { class: "retry", on: { click: () => this.#feed.open() } }, "Try now");
    this.#banner.append(icon("warning"), el("span", {}, "Connection lost. Trying again…"), retry);
  }

  // The next person who has no pane yet; when everybody has one, a new person.
  async #addPane() {
    await this.store.refreshLists().catch(() => {});
    const shown = new Set(this.panes.map((pane) => pane.userId));
    const free = this.store.users.find((user) => !shown.has(user.id));
    if (free) return this.add(free.id);
    const user = await createUser(document.body, this.store);
    return user ? this.add(user.id) : null;
  }

  #firstPerson() {
    const create = el("button", { type: "button", class: "primary start" }, "Create a person");
    create.addEventListener("click", async () => {
      const user = await createUser(document.body, this.store);
      if (user) this.add(user.id);
    });
    clear(this.#stage).append(
      el(
        "div",
        { class: "nobody" },
        el("img", { src: "/static/mark.svg", alt: "", width: "96", height: "96" }),
        el("h2", {}, "Nobody is here yet"),
        el("p", {}, "Create a person to talk to the bot as."),
        create,
      ),
    );
  }

  #connection(up) {
    this.#banner.hidden = up;
  }

  #count({ kind, message }) {
    if (kind !== "message" || !document.hidden || !message.from?.is_bot) return;
    this.#unseen += 1;
    document.title = `(${this.#unseen}) Sandbox`;
  }

  #seen() {
    if (document.hidden) return;
    this.#unseen = 0;
    document.title = "Sandbox";
  }
}

theme.apply();
new Page().start();
