// Round faces: initials on a colour that belongs to the id; the bot wears the page's mark.

import { el, icon } from "./dom.js";
import { hueOf, initialsOf, nameOf } from "./format.js";

export function userAvatar(user) {
  if (user.is_bot)
    return el("span", { class: "avatar bot", "aria-hidden": "true" }, el("img", { src: "/static/mark.svg", alt: "" }));
  return el(
    "span",
    { class: "avatar", "aria-hidden": "true", style: { "--hue": String(hueOf(user.id)) } },
    initialsOf(nameOf(user)),
  );
}

export function groupAvatar(chat) {
  return el(
    "span",
    { class: "avatar group", "aria-hidden": "true", style: { "--hue": String(hueOf(chat.id)) } },
    icon("group"),
  );
}
