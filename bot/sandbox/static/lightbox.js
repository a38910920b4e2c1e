// Pictures and videos of a chat, large: zoom, drag, keys, download. One for the whole page.

import { fileUrl } from "./api.js";
import { button, el, icon } from "./dom.js";
import { largest } from "./media.js";
import { idOf } from "./message.js";

const MOST_ZOOM = 8;

const fileOf = (message) => (message.photo ? largest(message.photo) : (message.video ?? message.animation));

export class Lightbox {
  #messages = [];
  #at = 0;
  #zoom = 1;
  #shift = { x: 0, y: 0 };
  #pointers = new Map();
  #stage = el("div", { class: "lightbox-stage" });
  #caption = el("div", { class: "lightbox-caption", dir: "auto" });
  #count = el("span", { class: "lightbox-count" });
  #download = el("a", { class: "ghost", "aria-label": "Download", title: "Download" }, icon("download"));
  #previous = button(
    "Previous",
    { class: "ghost lightbox-side left", on: { click: () => this.#step(-1) } },
    icon("left"),
  );
  #next = button("Next", { class: "ghost lightbox-side right", on: { click: () => this.#step(1) } }, icon("right"));

  constructor() {
    this.element = el(
      "dialog",
      { class: "lightbox", "aria-label": "Picture" },
      el(
        "div",
        { class: "lightbox-bar" },
        this.#count,
        button("Smaller", { class: "ghost", on: { click: () => this.#scale(1 / 1.5) } }, icon("zoomOut")),
        button("Larger", { class: "ghost", on: { click: () => this.#scale(1.5) } }, icon("zoomIn")),
        this.#download,
        button("Close", { class: "ghost", on: { click: () => this.element.close() } }, icon("close")),
      ),
      this.#previous,
      this.#stage,
      this.#next,
      this.#caption,
    );
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.element.addEventListener("close", () => this.#stage.replaceChildren());
    this.#stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.#stage.addEventListener("dblclick", (event) => this.#scale(this.#zoom > 1 ? 1 / this.#zoom : 2.5, event));
    this.#stage.addEventListener("click", (event) => event.target === this.#stage && this.element.close());
    for (const kind of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
      this.#stage.addEventListener(kind, (event) => this.#drag(event));
    }
  }

  // messages: those with a photo, a video or an animation, oldest first.
  open(messages, message) {
    this.#messages = messages;
    this.#at = Math.max(
      0,
      messages.findIndex((each) => idOf(each) === idOf(message)),
    );
    this.#show();
    if (!this.element.open) this.element.showModal();
  }

  #show() {
    const message = this.#messages[this.#at];
    const file = fileOf(message);
    const url = fileUrl(file.file_id);
    const body = message.photo
      ? el("img", {
          src: url,
          alt: message.caption ?? "Picture",
          draggable: "false",
          width: file.width,
          height: file.height,
        })
      : el("video", { src: url, controls: true, autoplay: true, loop: Boolean(message.animation), playsinline: true });
    this.#stage.replaceChildren(body);
    this.#caption.textContent = message.caption ?? "";
    this.#count.textContent = this.#messages.length > 1 ? `${this.#at + 1} of ${this.#messages.length}` : "";
    this.#download.href = url;
    this.#download.setAttribute(
      "download",
      file.file_name ?? `${message.photo ? "picture" : "video"}-${idOf(message)}.${message.photo ? "jpg" : "mp4"}`,
    );
    this.#previous.hidden = this.#at === 0;
    this.#next.hidden = this.#at === this.#messages.length - 1;
    this.#zoom = 1;
    this.#shift = { x: 0, y: 0 };
    this.#paint();
  }

  #step(by) {
    const to = this.#at + by;
    if (to < 0 || to >= this.#messages.length) return;
    this.#at = to;
    this.#show();
  }

  #key(event) {
    const act = {
      ArrowLeft: () => this.#step(-1),
      ArrowRight: () => this.#step(1),
      "+": () => this.#scale(1.5),
      "=": () => this.#scale(1.5),
      "-": () => this.#scale(1 / 1.5),
      0: () => this.#scale(1 / this.#zoom),
      d: () => this.#download.click(),
    }[event.key];
    if (!act || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    act();
  }

  #wheel(event) {
    event.preventDefault();
    this.#scale(Math.exp(-event.deltaY / 400), event);
  }

  // Zooms around the pointer, so that what is under it stays under it.
  #scale(factor, around = null) {
    const zoom = Math.min(MOST_ZOOM, Math.max(1, this.#zoom * factor));
    const box = this.#stage.getBoundingClientRect();
    const x = around ? around.clientX - box.left - box.width / 2 : 0;
    const y = around ? around.clientY - box.top - box.height / 2 : 0;
    const ratio = zoom / this.#zoom;
    this.#shift =
      zoom === 1 ? { x: 0, y: 0 } : { x: x - (x - this.#shift.x) * ratio, y: y - (y - this.#shift.y) * ratio };
    this.#zoom = zoom;
    this.#paint();
  }

  #drag(event) {
    if (event.target.tagName === "VIDEO") return;
    if (event.type === "pointerdown") {
      this.#pointers.set(event.pointerId, event);
      if (event.target !== this.#stage) this.#stage.setPointerCapture(event.pointerId);
      return;
    }
    if (event.type !== "pointermove") {
      this.#pointers.delete(event.pointerId);
      return;
    }
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const other = [...this.#pointers.values()].find((each) => each.pointerId !== event.pointerId);
    this.#pointers.set(event.pointerId, event);
    if (other) {
      const apart = (a) => Math.hypot(a.clientX - other.clientX, a.clientY - other.clientY);
      this.#scale(apart(event) / Math.max(1, apart(before)), event);
    } else if (this.#zoom > 1) {
      this.#shift = {
        x: this.#shift.x + event.clientX - before.clientX,
        y: this.#shift.y + event.clientY - before.clientY,
      };
      this.#paint();
    }
  }

  #paint() {
    const body = this.#stage.firstElementChild;
    body.style.transform = `translate(${this.#shift.x}px, ${this.#shift.y}px) scale(${this.#zoom})`;
    this.#stage.classList.toggle("zoomed", this.#zoom > 1);
  }
}
