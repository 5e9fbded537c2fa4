// The list of chats, and the messages of the chosen one.

import { $, make } from "./dom.js";
import { fill } from "./message.js";
import { changed, currentChat, state } from "./state.js";
import { t } from "./words.js";

const NEAR_THE_END = 60;

/** Draw everything that the state says. */
export function draw() {
  const chat = currentChat();
  $("chats").replaceChildren(...state.chats.map(entry));
  $("at-box").hidden = !chat || chat.mode === "p2p";
  drawLog();
}

const face = name => make("div", "face", [...name][0] || "?");

function entry(chat) {
  const online = chat.apps.some(app => app.online);
  const button = make("button");
  button.setAttribute("aria-current", chat.chat_id === state.current);
  button.onclick = () => {
    state.current = chat.chat_id;
    changed();
    $("text").focus();
  };
  const sub = make("small");
  const status = chat.mode === "p2p" ? (online ? t.online : t.offline) : `${t.group} · ${chat.apps.length}`;
  sub.append(make("span", online ? "dot on" : "dot"), status);
  const info = make("div", "name");
  info.append(make("div", "", chat.name), sub);
  button.append(face(chat.name), info);
  return button;
}

function drawLog() {
  const log = $("log");
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_THE_END;
  const byId = Object.fromEntries(state.messages.map(message => [message.message_id, message]));
  const shown = state.messages.filter(message => message.chat_id === state.current);
  log.replaceChildren(...shown.map(message => row(message, byId[message.parent_id])));
  if (!shown.length) log.append(make("div", "empty", t.empty));
  if (atEnd || shown.length < 3) log.scrollTop = log.scrollHeight;
}

function row(message, parent) {
  const element = make("div", message.sender.sender_type === "app" ? "row" : "row mine");
  const side = make("div");
  const bubble = make("div", "bubble");
  const time = new Date(+message.create_time).toLocaleTimeString();
  element.dataset.type = message.msg_type;
  side.append(make("div", "meta", `${message.sender_name} · ${time}${message.thread_id ? " · #" : ""}`), bubble);
  if (parent) {
    const quote = make("div", "quote");
    fill(quote, parent);
    bubble.append(quote);
  }
  fill(bubble, message);
  if (message.reactions.length) {
    side.append(make("div", "meta", message.reactions.map(reaction => `[${reaction?.emoji_type}]`).join(" ")));
  }
  element.append(face(message.sender_name), side);
  return element;
}
