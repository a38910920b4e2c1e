// The user side of the sandbox over HTTP: one function a call, errors as SandboxError.

export class SandboxError extends Error {
  constructor(description, status) {
    super(description);
    this.name = "SandboxError";
    this.status = status;
  }
}

async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new SandboxError("The sandbox does not answer. Is it still running?", 0);
  }
  const body = await response.json().catch(() => null);
  if (!response.ok)
    throw new SandboxError(body?.description ?? `The sandbox answered ${response.status}`, response.status);
  return body;
}

const post = (path, body) =>
  request(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export const users = () => request("/sandbox/users");
export const chats = () => request("/sandbox/chats");
export const createUser = (user) => post("/sandbox/users", user);
export const createGroup = (title, memberIds) =>
  post("/sandbox/chats", { type: "supergroup", title, member_ids: memberIds });
export const messages = (chatId) => request(`/sandbox/chats/${chatId}/messages?after_id=0`);
export const reactions = (chatId) => request(`/sandbox/chats/${chatId}/reactions`);
export const react = (fromId, chatId, messageId, emoji) =>
  post("/sandbox/reactions", { from_id: fromId, chat_id: chatId, message_id: messageId, emoji });
export const placeBot = (chatId, status) => post(`/sandbox/chats/${chatId}/bot`, { status });
export const press = (callback) => post("/sandbox/callbacks", callback);
export const callback = (id) => request(`/sandbox/callbacks/${encodeURIComponent(id)}`);
export const fileUrl = (fileId) => `/sandbox/files/${encodeURIComponent(fileId)}`;

// What this user sees of the bot in this chat; `bot` is missing while no bot has called the sandbox.
export function bot(userId, chatId, languageCode) {
  const query = new URLSearchParams({ user_id: userId, chat_id: chatId });
  if (languageCode) query.set("language_code", languageCode);
  return request(`/sandbox/bot?${query}`);
}

function form(fields) {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && value !== null && value !== "") data.append(name, value);
  }
  return data;
}

export const sendText = (chatId, fromId, text, replyTo) =>
  request(`/sandbox/chats/${chatId}/messages`, {
    method: "POST",
    body: form({ from_id: fromId, text, reply_to: replyTo }),
  });

// XMLHttpRequest, because fetch cannot tell how much of an upload has left.
export function sendFile(chatId, fields, onProgress) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open("POST", `/sandbox/chats/${chatId}/messages`);
    xhr.responseType = "json";
    xhr.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    xhr.addEventListener("load", () => {
      if (xhr.status < 300) resolve(xhr.response);
      else reject(new SandboxError(xhr.response?.description ?? `The sandbox answered ${xhr.status}`, xhr.status));
    });
    xhr.addEventListener("error", () => reject(new SandboxError("The upload was cut off.", 0)));
    xhr.send(form(fields));
  });
}
