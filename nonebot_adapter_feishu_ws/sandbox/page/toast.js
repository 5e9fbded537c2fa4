// A note that is shown for a moment, and read out by screen readers.

import { $ } from "./dom.js";
import { chinese } from "./words.js";

const TOAST_TIME = 5000;
let timer;

/** Show a note: { type, content, i18n }. */
export function toast(note) {
  const box = $("toast");
  box.className = note.type || "info";
  box.textContent = note.i18n?.[chinese ? "zh_cn" : "en_us"] || note.content;
  clearTimeout(timer);
  timer = setTimeout(() => (box.textContent = ""), TOAST_TIME);
}
