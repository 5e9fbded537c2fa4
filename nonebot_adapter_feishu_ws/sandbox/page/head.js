// The head of the open chat: its name, its members, the way back, a bot's menu; and what keeps its bots from answering.

import { act } from "./api.js";
import { dialog, labelled } from "./dialog.js";
import { $, action, build, make, textButton } from "./dom.js";
import { aboutGroup } from "./group.js";
import { icon } from "./icons.js";
import { app, currentChat, model, nameOf, on, openChat, titleOf } from "./model.js";
import { locale, t } from "./words.js";

export function startHead() {
  on("state", draw);
  on("chat", draw);
}

function draw() {
  const chat = currentChat();
  $("middle").classList.toggle("no-chat", !chat);
  drawStatus(chat);
  if (!chat) return $("head").replaceChildren();
  const back = model.thread
    ? action(t("backToChat"), icon("back"), () => openChat(chat.chat_id))
    : action(t("back"), icon("back"), () => openChat(null), "icon narrow");
  const title = model.thread ? `${titleOf(chat)} · ${t("topicTitle")}` : titleOf(chat);
  const people = chat.mode === "p2p" ? "" : [...chat.members, ...chat.apps].map(nameOf).join(", ");
  return $("head").replaceChildren(
    back,
    build("div", "title", make("h2", "", title), people && make("small", "", people)),
    chat.mode === "p2p" ? action(t("menuOf", titleOf(chat)), icon("menu"), () => menu(chat.apps[0])) : "",
    chat.mode === "p2p" ? "" : action(t("about"), icon("people"), () => aboutGroup(chat.chat_id)),
  );
}

function drawStatus(chat) {
  const box = $("status");
  const silent = (chat?.apps ?? []).map(app).filter(each => each && !each.online);
  const outside = chat && chat.mode !== "p2p" && !chat.members.includes(model.me);
  box.hidden = !silent.length && !outside;
  if (outside) {
    const join = textButton(t("join"), () => act("join", { chat: chat.chat_id }));
    return box.replaceChildren(t("noMember", nameOf(model.me)), " ", join);
  }
  return box.replaceChildren(t(silent.length > 1 ? "offlineAll" : "offlineLong", names(silent)));
}

const names = apps => new Intl.ListFormat(locale).format(apps.map(each => each.name));

/** The custom menu of a bot, whose entries only the developer console knows: an event_key is typed. */
function menu(appId) {
  const key = make("input");
  key.required = true;
  dialog(
    t("menuOf", nameOf(appId)),
    build("div", "fields", labelled(t("menuKey"), key)),
    () => act("click_menu", { app_id: appId, event_key: key.value.trim() }),
    t("press"),
  );
}
