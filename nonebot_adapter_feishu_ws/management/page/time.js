// Times as people read them, on the server's clock.

import { chinese, t } from "./words.js";

const UNITS = chinese ? ["天", "小时", "分", "秒"] : [" d", " h", " min", " s"];
const TOLERANCE = 3000;
let skew = 0;

/** Learn how far this computer's clock is off, from the date of an answer. */
export function learnServerTime(response) {
  const date = Date.parse(response.headers.get("Date") || "");
  if (Math.abs(date - Date.now()) > TOLERANCE) skew = date - Date.now();
}

const now = () => Date.now() + skew;

/** A length of time in its two largest units. */
export function span(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const parts = [
    Math.floor(seconds / 86400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
    seconds % 60,
  ];
  const first = parts.findIndex(part => part > 0);
  if (first < 0) return "0" + UNITS[3];
  return parts.slice(first, first + 2).map((part, index) => part + UNITS[first + index]).join(" ");
}

/** How long something lasts that began at a time. */
export const since = time => (time ? span(now() - Date.parse(time)) : "–");

export function ago(time) {
  if (!time) return "–";
  if (now() - Date.parse(time) < 1500) return t.now;
  return `${since(time)}${chinese ? "" : " "}${t.ago}`;
}

export function until(time) {
  if (!time) return "–";
  if (Date.parse(time) <= now()) return t.now;
  return `${t.in} ${span(Date.parse(time) - now())}${chinese ? "后" : ""}`.trim();
}

export const clock = time => new Date(time).toLocaleTimeString(navigator.language);
