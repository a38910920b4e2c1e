// Choosing how files leave: as photos and videos or as files, one by one or as an album, with a caption.

import * as api from "./api.js";
import { button, el, icon } from "./dom.js";
import { sizeOf } from "./format.js";
import { dialog } from "./overlay.js";

const ALBUM_MOST = 10; // Telegram's bound
const CAPTION_MOST = 1024; // Telegram's bound
const PHOTO_TYPES = new Set(["image/jpeg", "image/png", "image/webp", "image/bmp"]);

function fieldFor(file, asFiles) {
  if (!asFiles && PHOTO_TYPES.has(file.type)) return "photo";
  if (!asFiles && file.type.startsWith("video/")) return "video";
  return "document";
}

function preview(file, urls, remove) {
  const visual = file.type.startsWith("image/") || file.type.startsWith("video/");
  const url = visual ? URL.createObjectURL(file) : null;
  if (url) urls.push(url);
  const face = file.type.startsWith("image/")
    ? el("img", { src: url, alt: "" })
    : file.type.startsWith("video/")
      ? el("video", { src: url, preload: "metadata" })
      : el("span", { class: "file-face" }, icon("file"));
  return el(
    "li",
    { class: visual ? "preview visual" : "preview" },
    face,
    el(
      "span",
      { class: "file-words" },
      el("span", { class: "file-name" }, file.name),
      el("span", { class: "file-size" }, sizeOf(file.size)),
    ),
    button(`Leave out ${file.name}`, { class: "ghost small", on: { click: remove } }, icon("close")),
  );
}

// Sends in order and tells of each file that left; the first failure stops it and goes up.
async function send(files, { chatId, fromId, asFiles, caption, replyTo }, { onProgress, onSent }) {
  const fields = files.map((file) => fieldFor(file, asFiles));
  const oneKind = fields.every((field) => field === "document") || fields.every((field) => field !== "document");
  const album = files.length > 1 && oneKind ? Date.now() : null;
  for (const [index, file] of files.entries()) {
    const body = { from_id: fromId, [fields[index]]: file };
    if (album !== null) body.media_group_id = String(album + Math.floor(index / ALBUM_MOST));
    if (index === 0) Object.assign(body, { caption, reply_to: replyTo });
    await api.sendFile(chatId, body, (part) => onProgress((index + part) / files.length));
    onSent(file);
  }
}

// Resolves to true when everything was sent, to null when it was given up.
export function offerFiles(host, files, target) {
  const urls = [];
  let chosen = [...files];
  let asFiles = !chosen.some((file) => fieldFor(file, false) !== "document");
  const finished = dialog(host, chosen.length === 1 ? "Send a file" : `Send ${chosen.length} files`, (close) => {
    const list = el("ul", { class: "previews" });
    const caption = el("textarea", {
      rows: "2",
      maxlength: String(CAPTION_MOST),
      placeholder: "Caption",
      "aria-label": "Caption",
      autofocus: true,
    });
    const bar = el("progress", { max: "1", value: "0", hidden: true, "aria-label": "Upload" });
    const problem = el("p", { class: "problem", role: "alert" });
    const go = el("button", { type: "button", class: "primary" }, "Send");
    const choice = kindChoice(asFiles, chosen, (value) => {
      asFiles = value;
    });
    const draw = () => {
      if (chosen.length === 0) return close();
      list.replaceChildren(
        ...chosen.map((file) =>
          preview(file, urls, () => {
            chosen = chosen.filter((each) => each !== file);
            draw();
          }),
        ),
      );
    };
    const onProgress = (part) => {
      bar.value = part;
    };
    const onSent = (sent) => {
      chosen = chosen.filter((file) => file !== sent);
    };
    go.addEventListener("click", async () => {
      go.disabled = true;
      bar.hidden = false;
      problem.textContent = "";
      try {
        await send(chosen, { ...target, asFiles, caption: caption.value.trim() }, { onProgress, onSent });
        close(true);
      } catch (error) {
        problem.textContent = error.message;
        draw();
        go.disabled = false;
        bar.hidden = true;
      }
    });
    caption.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        go.click();
      }
    });
    draw();
    return [list, choice, caption, bar, problem, el("div", { class: "dialog-foot" }, go)];
  });
  return finished.finally(() => urls.forEach((url) => URL.revokeObjectURL(url)));
}

function kindChoice(asFiles, files, onChange) {
  if (!files.some((file) => fieldFor(file, false) !== "document")) return null;
  const name = `kind-${Date.now()}`;
  const option = (label, value) =>
    el(
      "label",
      { class: "segment" },
      el("input", {
        type: "radio",
        name,
        value: String(value),
        checked: value === asFiles,
        on: { change: () => onChange(value) },
      }),
      el("span", {}, label),
    );
  return el(
    "div",
    { class: "segments", role: "radiogroup", "aria-label": "Send as" },
    option("As photo or video", false),
    option("As file", true),
  );
}
