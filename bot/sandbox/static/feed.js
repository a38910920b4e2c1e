// One stream of server-sent events for the whole page: browsers allow few connections to a host.

const KINDS = ["message", "edit", "delete", "reaction", "callback_answer", "chat_action"];
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 5000;

export class Feed extends EventTarget {
  #source = null;
  #timer = null;
  #retryMs = FIRST_RETRY_MS;
  connected = false;

  open() {
    clearTimeout(this.#timer);
    this.#source?.close();
    const source = new EventSource("/sandbox/events");
    this.#source = source;
    source.addEventListener("open", () => {
      this.#retryMs = FIRST_RETRY_MS;
      this.connected = true;
      this.dispatchEvent(new Event("up"));
    });
    source.addEventListener("error", () => this.#lost(source));
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        // A failed connection reports "error" too; only the server's own events carry data.
        if (event.data === undefined) return;
        this.dispatchEvent(new CustomEvent(kind, { detail: JSON.parse(event.data) }));
      });
    }
  }

  // The browser's own retry stops for good on an HTTP error, so the page keeps its own.
  #lost(source) {
    if (source !== this.#source) return;
    source.close();
    this.connected = false;
    this.dispatchEvent(new Event("down"));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.open(), this.#retryMs);
    this.#retryMs = Math.min(LONGEST_RETRY_MS, this.#retryMs * 2);
  }
}
