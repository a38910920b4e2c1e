// What every part of the page asks of a message.

// Ephemeral messages have an id of their own; both kinds are numbered in one series.
export const idOf = (message) => message.ephemeral_message_id ?? message.message_id;
export const isWhisper = (message) => message.ephemeral_message_id !== undefined;
export const isSeenBy = (message, userId) => !message.receiver_user || message.receiver_user.id === userId;
