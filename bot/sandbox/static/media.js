// Photos, videos, animations, files and the rest of what a message may carry, as elements.

import { fileUrl } from "./api.js";
import { el, icon } from "./dom.js";
import { durationOf, sizeOf } from "./format.js";
import { mosaic } from "./mosaic.js";

export const WIDEST_PX = 420;
const TALLEST_PX = 460;
const SMALLEST_PX = 140;

export const largest = (photo) =>
  photo.reduce((best, size) => (size.width * size.height > best.width * best.height ? size : best));

// The smallest stored size that is still sharp at this width on this screen.
function fitting(photo, widthPx) {
  const needed = widthPx * Math.min(window.devicePixelRatio || 1, 2);
  const enough = photo.filter((size) => size.width >= needed).sort((a, b) => a.width - b.width);
  return enough[0] ?? largest(photo);
}

function boxFor(width, height) {
  const scale = Math.min(WIDEST_PX / width, TALLEST_PX / height, 1);
  const grown = Math.max(scale, Math.min(SMALLEST_PX / Math.min(width, height), WIDEST_PX / width));
  return { width: Math.round(width * grown), height: Math.round(height * grown) };
}

function picture(source, alt) {
  const image = el("img", { src: source, alt, draggable: "false", decoding: "async" });
  image.addEventListener("load", () => image.classList.add("ready"), { once: true });
  image.addEventListener("error", () => image.closest(".tile")?.classList.add("broken"), { once: true });
  return image;
}

function veil(tile) {
  const cover = el("button", { type: "button", class: "veil", "aria-label": "Hidden picture, press to show" });
  cover.addEventListener("click", (event) => {
    event.stopPropagation();
    tile.classList.remove("veiled");
    cover.remove();
  });
  tile.classList.add("veiled");
  return cover;
}

function visualOf(message) {
  const moving = message.video ?? message.animation;
  if (message.photo) return { ...largest(message.photo), still: (px) => fileUrl(fitting(message.photo, px).file_id) };
  const thumbnail = moving.thumbnail ?? moving.thumb;
  return { ...moving, still: () => (thumbnail ? fileUrl(thumbnail.file_id) : null) };
}

const described = (message, kind) => (message.caption ? `${kind}: ${message.caption}` : kind);

// A pressable tile: a photo, or the first frame of a video with its length.
function tile(message, widthPx, actions) {
  const visual = visualOf(message);
  const still = visual.still(widthPx);
  const label = described(message, message.photo ? "Photo" : "Video");
  const node = el(
    "div",
    { class: `tile ${message.photo ? "photo" : "video"}`, dataset: { unique: visual.file_unique_id } },
    still ? picture(still, label) : null,
    el("button", {
      type: "button",
      class: "tile-open",
      "aria-label": `Open ${label}`,
      on: { click: () => actions.open(message) },
    }),
  );
  if (!message.photo) {
    node.append(el("span", { class: "play" }, icon("play")));
    if (visual.duration) node.append(el("span", { class: "length" }, durationOf(visual.duration)));
  }
  if (message.has_media_spoiler) node.append(veil(node));
  return node;
}

function single(message, actions) {
  const visual = visualOf(message);
  const box = boxFor(visual.width || 320, visual.height || 240);
  const node = message.animation ? animation(message, visual) : tile(message, box.width, actions);
  node.style.setProperty("--media-width", `${box.width}px`);
  node.style.setProperty("--media-ratio", `${box.width} / ${box.height}`);
  node.classList.add("single");
  return node;
}

function animation(message, visual) {
  const source = fileUrl(visual.file_id);
  const player =
    visual.mime_type === "image/gif"
      ? picture(source, described(message, "Animation"))
      : el("video", {
          src: source,
          poster: visual.still(),
          loop: true,
          playsinline: true,
          "aria-label": described(message, "Animation"),
        });
  player.muted = true;
  player.autoplay = true;
  const node = el("div", { class: "tile animation" }, player, el("span", { class: "length" }, "GIF"));
  node.addEventListener("click", () => (player.paused ? player.play() : player.pause?.()));
  return node;
}

function album(messages, actions) {
  const visuals = messages.map(visualOf);
  const { height, boxes } = mosaic(visuals.map((visual) => visual.width / visual.height));
  const node = el("div", { class: "album", role: "group", "aria-label": `Album of ${messages.length}` });
  node.style.setProperty("--media-width", `${WIDEST_PX}px`);
  node.style.setProperty("--media-ratio", `1 / ${height}`);
  messages.forEach((message, index) => {
    const box = boxes[index];
    const part = tile(message, WIDEST_PX * box.width, actions);
    part.dataset.messageId = message.message_id;
    for (const side of ["left", "top", "width", "height"]) part.style.setProperty(side, `${box[side] * 100}%`);
    node.append(part);
  });
  return node;
}

function fileLink(file) {
  const name = file.file_name ?? "file";
  const extension = name.includes(".") ? name.split(".").at(-1).slice(0, 4) : "";
  const thumbnail = file.thumbnail ?? file.thumb;
  const face = thumbnail
    ? el("span", { class: "file-face" }, el("img", { src: fileUrl(thumbnail.file_id), alt: "" }))
    : el("span", { class: "file-face" }, extension ? el("span", { class: "file-extension" }, extension) : icon("file"));
  return el(
    "a",
    {
      class: "file",
      href: fileUrl(file.file_id),
      download: name,
      "aria-label": `Download ${name}, ${sizeOf(file.file_size)}`,
    },
    face,
    el(
      "span",
      { class: "file-words" },
      el("span", { class: "file-name" }, name),
      el("span", { class: "file-size" }, sizeOf(file.file_size)),
    ),
    icon("download"),
  );
}

function sound(file, title) {
  return el(
    "div",
    { class: "sound" },
    title ? el("div", { class: "sound-title" }, title) : null,
    el("audio", {
      controls: true,
      preload: "metadata",
      src: fileUrl(file.file_id),
      "aria-label": title || "Voice message",
    }),
  );
}

function sticker(message) {
  const node = el(
    "div",
    { class: "sticker" },
    picture(fileUrl(message.sticker.file_id), message.sticker.emoji ?? "Sticker"),
  );
  return node;
}

function plain(message) {
  if (message.location)
    return `Location ${message.location.latitude.toFixed(4)}, ${message.location.longitude.toFixed(4)}`;
  if (message.contact) return `Contact: ${message.contact.first_name}, ${message.contact.phone_number}`;
  if (message.dice) return `${message.dice.emoji} ${message.dice.value}`;
  if (message.poll)
    return `Poll: ${message.poll.question}\n${message.poll.options.map((option) => `• ${option.text}`).join("\n")}`;
  return null;
}

// The media of one message or one album; null when there is only text.
export function mediaOf(messages, actions) {
  const [message] = messages;
  if (messages.length > 1 && (message.photo || message.video)) return album(messages, actions);
  if (messages.length > 1)
    return el(
      "div",
      { class: "files" },
      messages.map((each) => mediaOf([each], actions)),
    );
  if (message.photo || message.video || message.animation) return single(message, actions);
  if (message.document) return fileLink(message.document);
  if (message.audio)
    return sound(message.audio, [message.audio.performer, message.audio.title].filter(Boolean).join(" – "));
  if (message.voice) return sound(message.voice, "");
  if (message.video_note)
    return single({ ...message, video: { ...message.video_note, width: 240, height: 240 } }, actions);
  if (message.sticker) return sticker(message);
  const words = plain(message);
  return words === null ? null : el("div", { class: "plain" }, words);
}

// When a photo is edited into another (a live preview), the old one stays until the new one is decoded.
export function crossfade(oldMedia, newMedia) {
  const before = oldMedia?.querySelector?.(":scope > img.ready");
  const after = newMedia?.querySelector?.(":scope > img");
  if (!before || !after || before.src === after.src) return;
  const under = before.cloneNode();
  under.className = "under";
  under.alt = "";
  newMedia.prepend(under);
  after.addEventListener("load", () => setTimeout(() => under.remove(), 350), { once: true });
}
