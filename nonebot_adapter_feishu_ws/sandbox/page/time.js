// Times as the page shows them.

import { locale } from "./words.js";

const DAY = 86_400_000;

/** hh:mm of today, else the date. */
export function clock(milliseconds) {
  const date = new Date(+milliseconds);
  if (Date.now() - date < DAY && date.getDate() === new Date().getDate()) return time(milliseconds);
  return date.toLocaleDateString(locale, { month: "short", day: "numeric" });
}

export const time = milliseconds =>
  new Date(+milliseconds).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });

export const day = milliseconds =>
  new Date(+milliseconds).toLocaleDateString(locale, { weekday: "long", month: "long", day: "numeric" });

export const moment = milliseconds =>
  +milliseconds ? new Date(+milliseconds).toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" }) : "";

/** m:ss of a length in milliseconds. */
export function length(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  return seconds >= 0 ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` : "";
}
