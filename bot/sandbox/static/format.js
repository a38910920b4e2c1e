// Numbers and dates as people read them, in the language of the browser.

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const dayThisYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long" });
const dayOtherYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "medium" });

export const timeOf = (unixS) => clock.format(unixS * 1000);
export const fullTimeOf = (unixS) => full.format(unixS * 1000);
export const dayKey = (unixS) => new Date(unixS * 1000).toDateString();

export function dayName(unixS, now = new Date()) {
  const date = new Date(unixS * 1000);
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (date.toDateString() === now.toDateString()) return "Today";
  if (date.toDateString() === yesterday.toDateString()) return "Yesterday";
  return (date.getFullYear() === now.getFullYear() ? dayThisYear : dayOtherYear).format(date);
}

export function sizeOf(bytes) {
  if (bytes === undefined) return "";
  if (bytes < 1024) return `${bytes} B`;
  const units = ["KB", "MB", "GB"];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export function durationOf(seconds) {
  const whole = Math.round(seconds);
  const rest = String(whole % 60).padStart(2, "0");
  return `${Math.floor(whole / 60)}:${rest}`;
}

export const nameOf = (user) => [user.first_name, user.last_name].filter(Boolean).join(" ");

export function initialsOf(name) {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  if (words.length === 0) return "?";
  if (words.length === 1) return Array.from(words[0]).slice(0, 2).join("");
  return [words[0], words.at(-1)].map((word) => Array.from(word)[0].toUpperCase()).join("");
}

export const hueOf = (id) => [262, 200, 330, 160, 24, 292, 225, 350][Math.abs(Number(id)) % 8];

export function plural(count, one, many) {
  return `${count} ${count === 1 ? one : many}`;
}
