// Light, dark, or as the system has it; remembered in this browser.

const KEY = "sandbox-theme";
const ORDER = ["auto", "light", "dark"];
const system = matchMedia("(prefers-color-scheme: dark)");

export const ICONS = { auto: "auto", light: "sun", dark: "moon" };

export const chosen = () => (ORDER.includes(localStorage.getItem(KEY)) ? localStorage.getItem(KEY) : "auto");
export const isDark = () => document.documentElement.dataset.theme === "dark";

export function apply() {
  document.documentElement.dataset.theme = chosen() === "auto" ? (system.matches ? "dark" : "light") : chosen();
}

export function next() {
  localStorage.setItem(KEY, ORDER[(ORDER.indexOf(chosen()) + 1) % ORDER.length]);
  apply();
}

system.addEventListener("change", apply);
