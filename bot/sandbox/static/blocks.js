// A chat's messages become the blocks of the timeline: dates, the unread mark, service lines, bubbles, albums.
// A pure function; the timeline draws what it returns.

import { dayKey, nameOf } from "./format.js";
import { idOf } from "./message.js";

const GROUP_GAP_S = 300;

export function serviceText(message) {
  const who = message.from ? nameOf(message.from) : "Somebody";
  if (message.new_chat_members) {
    const names = message.new_chat_members.map(nameOf).join(", ");
    const joinedAlone = message.new_chat_members.length === 1 && message.new_chat_members[0].id === message.from?.id;
    return joinedAlone ? `${names} joined the group` : `${who} added ${names}`;
  }
  if (message.left_chat_member) return `${nameOf(message.left_chat_member)} left the group`;
  if (message.group_chat_created || message.supergroup_chat_created) return `${who} created the group`;
  if (message.new_chat_title) return `${who} renamed the group to “${message.new_chat_title}”`;
  if (message.forum_topic_created) return `${who} opened the topic “${message.forum_topic_created.name}”`;
  if (message.pinned_message) return `${who} pinned a message`;
  return null;
}

const isVisual = (message) => Boolean(message.photo || message.video);

function sameAlbum(block, message) {
  const last = block?.messages?.at(-1);
  return (
    block?.kind === "bubble" &&
    Boolean(message.media_group_id) &&
    last.media_group_id === message.media_group_id &&
    last.from?.id === message.from?.id &&
    isVisual(last) === isVisual(message)
  );
}

function continues(previous, block) {
  if (previous?.kind !== "bubble") return false;
  const [before, now] = [previous.messages.at(-1), block.messages[0]];
  const sameEars = before.receiver_user?.id === now.receiver_user?.id;
  return sameEars && before.from?.id === now.from?.id && now.date - before.date < GROUP_GAP_S;
}

// unreadFrom: the id of the first unread message, or null.
export function blocksOf(messages, { viewerId, inGroup, unreadFrom }) {
  const blocks = [];
  let day = null;
  let unreadShown = unreadFrom === null;
  for (const message of messages) {
    if (dayKey(message.date) !== day) {
      day = dayKey(message.date);
      blocks.push({ kind: "date", key: `date-${day}`, date: message.date });
    }
    if (!unreadShown && idOf(message) >= unreadFrom) {
      unreadShown = true;
      blocks.push({ kind: "unread", key: "unread" });
    }
    const service = serviceText(message);
    if (service !== null) {
      blocks.push({ kind: "service", key: `m${idOf(message)}`, text: service, messages: [message] });
    } else if (sameAlbum(blocks.at(-1), message)) {
      blocks.at(-1).messages.push(message);
    } else {
      const out = message.from?.id === viewerId;
      blocks.push({
        kind: "bubble",
        key: `m${idOf(message)}`,
        messages: [message],
        out,
        first: true,
        last: true,
        named: false,
      });
    }
  }
  blocks.forEach((block, index) => {
    if (block.kind !== "bubble") return;
    const previous = blocks[index - 1];
    block.first = !continues(previous, block);
    if (!block.first) previous.last = false;
    block.named = block.first && !block.out && inGroup;
  });
  return blocks;
}
