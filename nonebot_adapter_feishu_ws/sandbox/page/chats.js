// The list of chats: search, last line, unread messages, who is online.

import { act } from "./api.js";
import { $, arrange, build, face, make, textButton } from "./dom.js";
import { newGroup } from "./group.js";
import { summary } from "./message.js";
import { app, model, on, openChat, ownChats, titleOf } from "./model.js";
import { clock } from "./time.js";
import { t } from "./words.js";

/** chat_id -> { element, shows: what it was made of }. */
const entries = new Map();

export function startChats() {
  $("search").oninput = draw;
  $("new-group").onclick = newGroup;
  on("state", draw);
  on("chat", draw);
}

function draw() {
  const wanted = $("search").value.trim().toLowerCase();
  const shown = ownChats()
    .filter(chat => titleOf(chat).toLowerCase().includes(wanted))
    .sort((a, b) => (b.last?.number ?? 0) - (a.last?.number ?? 0));
  const strangers = model.apps.filter(each => !hasChat(each) && each.name.toLowerCase().includes(wanted));
  const elements = [...shown.map(entry), ...strangers.map(stranger)];
  arrange($("chats"), elements.length ? elements : [make("p", "empty", t("noChat"))]);
}

const hasChat = ({ app_id: id }) => ownChats().some(chat => chat.mode === "p2p" && chat.apps[0] === id);

/** A bot to which this person has never written. */
function stranger(bot) {
  const open = async () => {
    const entered = await act("enter_chat", { app_id: bot.app_id });
    if (entered) openChat(entered.chat.chat_id);
  };
  const button = textButton("", open, "chat");
  button.append(face(bot.name, true), build("span", "lines", make("b", "", bot.name)));
  return button;
}

/** The button of a chat; the same element for as long as it says the same. */
function entry(chat) {
  const isCurrent = chat.chat_id === model.current;
  const online = chat.apps.map(id => app(id)?.online);
  const shows = JSON.stringify([titleOf(chat), chat.last, chat.unread?.[model.me], online, isCurrent]);
  const known = entries.get(chat.chat_id);
  if (known?.shows === shows) return known.element;
  const element = known?.element ?? make("button", "chat");
  element.type = "button";
  element.onclick = () => {
    openChat(chat.chat_id);
    $("text").focus();
  };
  if (isCurrent) element.setAttribute("aria-current", "true");
  else element.removeAttribute("aria-current");
  element.replaceChildren(...content(chat, isCurrent));
  entries.set(chat.chat_id, { element, shows });
  return element;
}

function content(chat, isCurrent) {
  const unread = isCurrent ? 0 : (chat.unread?.[model.me] ?? 0);
  const bot = chat.mode === "p2p" && app(chat.apps[0]);
  const picture = face(titleOf(chat), chat.mode === "p2p");
  if (bot) picture.append(make("span", bot.online ? "dot on" : "dot"));
  const about = lastLine(chat) || (bot ? t(bot.online ? "online" : "offline") : "");
  return [
    picture,
    build(
      "span",
      "lines",
      build("span", "line", make("b", "", titleOf(chat)), make("time", "", chat.last ? clock(chat.last.create_time) : "")),
      build(
        "span",
        "line",
        make("span", "last", about),
        unread > 0 && make("span", "badge", unread > 99 ? "99+" : String(unread)),
      ),
    ),
  ];
}

/** The last message in short; in a group with who wrote it. */
function lastLine({ last, mode }) {
  if (!last) return "";
  const text = last.recalled ? t("goneShort") : summary({ ...last, content: last.body.content });
  return mode === "p2p" ? text : `${last.sender_name}: ${text}`;
}
