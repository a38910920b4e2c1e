// The scrolling list of a chat. It redraws only blocks that changed, stays at the bottom when it is there,
// and otherwise keeps what is being read where it is.

import { blocksOf } from "./blocks.js";
import { drawBlock, redrawBlock } from "./bubble.js";
import { button, el, icon } from "./dom.js";
import { idOf } from "./message.js";

const CLOSE_TO_BOTTOM_PX = 48;
const WINDOW = 150; // messages drawn at first; scrolling up draws as many more

export class Timeline {
  #rows = new Map();
  #list = el("ol", { class: "messages", "aria-label": "Messages" });
  #badge = el("span", { class: "badge" });
  #more = el("button", { type: "button", class: "more" }, "Show earlier messages");
  #actions;
  #limit = WINDOW;
  #unreadFrom = null;
  #unread = 0;
  #last = null;
  atBottom = true;

  constructor(actions) {
    this.#actions = actions;
    this.scroller = el(
      "div",
      { class: "scroller", tabindex: "0", role: "region", "aria-label": "Conversation" },
      this.#more,
      this.#list,
    );
    this.jumpDown = button("Scroll to the newest message", { class: "jump-down" }, icon("down"), this.#badge);
    this.element = el("div", { class: "timeline" }, this.scroller, this.jumpDown);
    this.#more.addEventListener("click", () => this.#earlier());
    this.jumpDown.addEventListener("click", () =>
      this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: "smooth" }),
    );
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    document.addEventListener("visibilitychange", () => this.#scrolled());
    const pin = new ResizeObserver(() => this.atBottom && this.toBottom());
    pin.observe(this.#list);
    pin.observe(this.scroller);
  }

  reset() {
    this.#rows.clear();
    this.#list.replaceChildren();
    this.#limit = WINDOW;
    this.#unreadFrom = null;
    this.#unread = 0;
    this.atBottom = true;
  }

  // context: {viewerId, inGroup, pending}
  show(messages, context) {
    this.#last = [messages, context];
    const shown = messages.slice(-this.#limit);
    this.#more.hidden = shown.length === messages.length;
    const blocks = blocksOf(shown, { ...context, unreadFrom: this.#unreadFrom });
    const keep = new Set(blocks.map((block) => block.key));
    for (const [key, { row }] of this.#rows) {
      if (!keep.has(key)) {
        row.remove();
        this.#rows.delete(key);
      }
    }
    const rows = blocks.map((block) => this.#place(block, context));
    let cursor = this.#list.firstElementChild;
    for (const row of rows) {
      if (row === cursor) cursor = cursor.nextElementSibling;
      else this.#list.insertBefore(row, cursor);
    }
    if (this.atBottom) this.toBottom();
    this.#mark();
  }

  #place(block, context) {
    const before = this.#rows.get(block.key);
    const fresh = before && same(before.block, block);
    if (fresh) return before.row;
    const row = before
      ? redrawBlock(before.row, block, context, this.#actions)
      : drawBlock(block, context, this.#actions);
    this.#rows.set(block.key, { block, row });
    return row;
  }

  arrived(message) {
    if (this.atBottom && !document.hidden) return;
    if (this.#unread === 0) this.#unreadFrom = idOf(message);
    this.#unread += 1;
  }

  sent() {
    this.#unreadFrom = null;
    this.#unread = 0;
    this.atBottom = true;
  }

  toBottom() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  jumpTo(messageId) {
    const row = this.#list.querySelector(`[data-message-id="${Number(messageId)}"]`);
    if (!row) return;
    row.scrollIntoView({ block: "center", behavior: "smooth" });
    row.classList.remove("flash");
    requestAnimationFrame(() => row.classList.add("flash"));
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.atBottom = scrollHeight - scrollTop - clientHeight < CLOSE_TO_BOTTOM_PX;
    if (this.atBottom && !document.hidden) this.#unread = 0;
    this.#mark();
  }

  #mark() {
    this.jumpDown.classList.toggle("visible", !this.atBottom);
    this.#badge.textContent = this.#unread > 0 ? String(this.#unread) : "";
  }

  #earlier() {
    const fromEnd = this.scroller.scrollHeight - this.scroller.scrollTop;
    this.#limit += WINDOW;
    this.show(...this.#last);
    this.scroller.scrollTop = this.scroller.scrollHeight - fromEnd;
  }
}

// The store puts a new object in place of an edited message, so identity tells what changed.
function same(a, b) {
  return (
    a.first === b.first &&
    a.last === b.last &&
    a.named === b.named &&
    a.out === b.out &&
    (a.messages ?? []).length === (b.messages ?? []).length &&
    (a.messages ?? []).every((message, index) => message === b.messages[index])
  );
}
