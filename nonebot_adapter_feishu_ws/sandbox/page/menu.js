// What can be done with a message: reply, topic, reaction, edit, recall, copy, inspect.

import { act } from "./api.js";
import { edit, replyTo } from "./composer.js";
import { action, build, make } from "./dom.js";
import { CHOICES, emoji } from "./emoji.js";
import { icon } from "./icons.js";
import { inspectMessage } from "./inspector.js";
import { message as find, model, openChat } from "./model.js";
import { summary } from "./message.js";
import { toast } from "./toast.js";
import { t } from "./words.js";

/** The row of buttons beside a message; it is filled when it is needed. */
export function tools(message) {
  const box = make("div", "tools");
  const more = action(t("more"), icon("more"), () => fill(box, more, message.message_id));
  more.setAttribute("aria-haspopup", "true");
  box.append(more);
  return box;
}

function fill(box, more, messageId) {
  const message = find(messageId);
  const close = () => box.replaceChildren(more);
  const item = (label, sign, run) =>
    action(label, sign, () => {
      close();
      run();
    });
  const mine = message.sender.id === model.me;
  const items = [
    item(t("react"), icon("smile"), () => pick(message)),
    item(t("reply"), icon("reply"), () => replyTo(message)),
    item(t("topic"), icon("topic"), () => topic(message)),
    mine && ["text", "post"].includes(message.msg_type) && item(t("edit"), icon("edit"), () => edit(message)),
    mine && item(t("recall"), icon("recall"), () => act("recall", { message: messageId })),
    item(t("copy"), icon("copy"), () => copy(summary(message))),
    item(t("inspect"), icon("search"), () => inspectMessage(messageId)),
    action(t("close"), icon("close"), close),
  ];
  box.replaceChildren(build("div", "menu", message.deleted ? items.slice(-2) : items));
  box.querySelector("button").focus();
  box.onkeydown = event => event.key === "Escape" && close();
}

async function copy(text) {
  await navigator.clipboard.writeText(text);
  toast({ type: "success", content: t("copied") });
}

/** Open the topic of a message; its first answer creates it. */
function topic(message) {
  if (message.thread_id) return openChat(message.chat_id, message.thread_id);
  return replyTo(message, { topic: true });
}

/** Offer reactions in a dialog, which works with a keyboard and on a phone. */
function pick(message) {
  const box = make("dialog", "picker");
  box.setAttribute("aria-label", t("react"));
  const choose = name => {
    box.close();
    act("react", { message: message.message_id, emoji_type: name });
  };
  box.append(build("div", "grid", CHOICES.map(name => action(name, emoji(name), () => choose(name)))));
  box.onclick = event => event.target === box && box.close();
  box.onclose = () => box.remove();
  document.body.append(box);
  box.showModal();
}
