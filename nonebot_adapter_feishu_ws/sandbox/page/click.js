// An operation on a card: confirmed, sent to the bot, and its toast shown.

import { $, list, safeUrl, textOf } from "./dom.js";
import { chinese } from "./words.js";

const TOAST_TIME = 4000;
let toastTimer;

/** Show a note for a moment: { type, content, i18n }. */
export function toast(note) {
  const box = $("toast");
  box.className = note.type || "info";
  box.textContent = note.i18n?.[chinese ? "zh_cn" : "en_us"] || note.content;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (box.textContent = ""), TOAST_TIME);
}

/** Do what a component does when it is operated; `action` is more of the callback's action. */
export async function click(message, node, action) {
  if (node.confirm && !confirm(`${textOf(node.confirm.title)}\n${textOf(node.confirm.text)}`)) return;
  const behaviors = list(node.behaviors);
  const open = behaviors.find(each => each.type === "open_url");
  const callback = behaviors.find(each => each.type === "callback");
  const url = open?.default_url || open?.pc_url || node.url || node.multi_url?.url;
  if (url) window.open(safeUrl(url), "_blank", "noreferrer");
  if (url && !callback && !node.form_action_type && node.value === undefined) return;
  const body = {
    message_id: message.message_id,
    action: { tag: node.tag, value: callback?.value ?? node.value, name: node.name, ...action },
  };
  const response = await fetch("/page/click", { method: "POST", body: JSON.stringify(body) });
  const answer = await response.json();
  if (answer.error) toast({ type: "error", content: answer.error });
  else if (answer.toast) toast(answer.toast);
}
