// An operation on a card: confirmed, sent to the bot, and its toast shown.

import { act } from "./api.js";
import { confirmed } from "./dialog.js";
import { list, safeUrl, textOf } from "./dom.js";
import { toast } from "./toast.js";

/** Do what a component does when it is operated; `action` is more of the callback's action. */
export async function click(message, node, action, element) {
  if (node.confirm && !(await confirmed(textOf(node.confirm.title), textOf(node.confirm.text)))) return;
  const behaviors = list(node.behaviors);
  const open = behaviors.find(each => each.type === "open_url");
  const callback = behaviors.find(each => each.type === "callback");
  const url = open?.default_url || open?.pc_url || node.url || node.multi_url?.url;
  if (url) window.open(safeUrl(url), "_blank", "noreferrer");
  if (url && !callback && !node.form_action_type && node.value === undefined) return;
  element?.setAttribute("aria-busy", "true");
  const value = callback?.value ?? node.value;
  const answer = await act("click", { message: message.message_id, tag: node.tag, value, name: node.name, ...action });
  element?.removeAttribute("aria-busy");
  if (answer?.error) toast({ type: "error", content: answer.error });
  else if (answer?.toast) toast(answer.toast);
}
