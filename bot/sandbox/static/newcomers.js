// Dialogs that make a person or a group.

import * as api from "./api.js";
import { el } from "./dom.js";
import { nameOf } from "./format.js";
import { ask, toast } from "./overlay.js";

const PERSON_FIELDS = [
  { name: "first_name", label: "Name", placeholder: "Kim", required: true },
  { name: "username", label: "Username", placeholder: "optional", pattern: "[A-Za-z][A-Za-z0-9_]{4,31}" },
  {
    name: "language_code",
    label: "Language",
    options: [
      ["en", "English"],
      ["ru", "Русский"],
    ],
  },
];
const GROUP_FIELDS = [{ name: "title", label: "Name", placeholder: "Painters", required: true }];

async function made(host, store, create) {
  try {
    const result = await create();
    await store.refreshLists();
    return result;
  } catch (error) {
    toast(host, error.message);
    return null;
  }
}

// Resolves to the User, or to null when it was given up.
export async function createUser(host, store) {
  const values = await ask(host, "New person", PERSON_FIELDS, "Create");
  if (!values) return null;
  const given = Object.entries(values).map(([name, [value]]) => [name, value.trim()]);
  return made(host, store, () => api.createUser(Object.fromEntries(given.filter(([, value]) => value))));
}

// Resolves to the Chat with this user and those chosen in it, or to null.
export async function createGroup(host, store, userId) {
  const member = (user) => {
    const box = el("input", { type: "checkbox", name: "member", value: String(user.id), checked: user.id === userId });
    return el("label", {}, box, nameOf(user));
  };
  const members = el("fieldset", { class: "members" }, el("legend", {}, "Members"), store.users.map(member));
  const values = await ask(host, "New group", GROUP_FIELDS, "Create", members);
  if (!values) return null;
  const ids = new Set([userId, ...(values.member ?? []).map(Number)]);
  return made(host, store, () => api.createGroup(values.title[0].trim(), [...ids]));
}
