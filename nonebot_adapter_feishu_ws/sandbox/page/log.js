// The messages of the open chat or topic. Elements stay as they are; only what is new or different is drawn.

import { act, loadMessages } from "./api.js";
import { $, arrange, build, face, make, textButton } from "./dom.js";
import { inspectMessage } from "./inspector.js";
import { silenceOf } from "./journal.js";
import { currentChat, isComplete, isKnown, messagesOf, model, nameOf, on, openChat } from "./model.js";
import { bubble, quoteOf } from "./message.js";
import { tools } from "./menu.js";
import { reactions } from "./reactions.js";
import { day, time } from "./time.js";
import { t } from "./words.js";

const NEAR_THE_END = 80;
const NEAR_THE_START = 200;
const ROW_HEIGHT = 72;
/** Milliseconds within which messages of one person stand together. */
const TOGETHER = 300_000;
/** Neighbours stand in one block, which the browser skips while it is out of sight, and draw() while it stays the same. */
const BLOCK = 64;
/** message_id -> its element, whose `depends` and `shows` say what it and its parts were made of. */
const rows = new Map();
/** The blocks of the open chat or topic. */
const blocks = new Map();
const days = new Map();
let loading = false;
/** The number of the first message that was unread when the chat was opened; null for none, undefined before that. */
let firstUnread;
const unreadLine = make("div", "day unread", t("unread"));

export function startLog() {
  on("chat", () => {
    follows = true;
    firstUnread = undefined;
    blocks.clear(); // a chat and its topics share rows
    draw();
  });
  on("messages", chatId => chatId === model.current && draw());
  on("state", draw);
  on("silence", draw);
  $("log").addEventListener("compositionstart", event => (event.target.dataset.composing = "yes"));
  $("log").addEventListener("compositionend", event => delete event.target.dataset.composing);
  new ResizeObserver(() => follows && toEnd()).observe($("rows"));
  $("log").onscroll = () => {
    const log = $("log");
    follows = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_THE_END;
    if ($("log").scrollTop < NEAR_THE_START) loadEarlier();
  };
}

/** Whether the end of the log stays in view when messages come, or grow because an image was loaded. */
let follows = true;
const toEnd = () => ($("log").scrollTop = $("log").scrollHeight);

async function loadEarlier() {
  const chatId = model.current;
  if (loading || !chatId || isComplete(chatId) || !isKnown(chatId)) return;
  loading = true;
  const log = $("log");
  const below = log.scrollHeight - log.scrollTop;
  try {
    await loadMessages(chatId, true);
    if (chatId === model.current) log.scrollTop = log.scrollHeight - below;
  } finally {
    loading = false;
  }
}

/** A topic's answers stand in the topic; in the chat its first message says how many there are. */
function shown(messages) {
  if (model.thread) return messages.filter(each => each.thread_id === model.thread);
  return messages.filter(each => !isAnswer(each));
}

function draw() {
  if (!currentChat()) return $("rows").replaceChildren();
  const all = messagesOf(model.current);
  const messages = shown(all);
  const answers = countAnswers(all);
  noteUnread(all);
  const elements = [];
  let before = null;
  for (const group of inBlocks(messages)) {
    elements.push(block(group, before, answers));
    before = group.at(-1);
  }
  arrange($("rows"), elements.length ? elements : [make("p", "empty", t("empty"))]);
  if (follows) toEnd();
  if (before && document.hasFocus()) read(before);
  return undefined;
}

/** Messages in order, in groups that stay the same when earlier or later ones come. */
function* inBlocks(messages) {
  let from = 0;
  for (let to = 1; to <= messages.length; to += 1) {
    if (to < messages.length && blockOf(messages[to]) === blockOf(messages[from])) continue;
    yield messages.slice(from, to);
    from = to;
  }
}

const blockOf = message => Math.floor(message.number / BLOCK);

/** The element of some neighbours; it is drawn anew only when one of them, or what stands with them, has changed. */
function block(messages, before, answers) {
  const key = blockOf(messages[0]);
  if (!blocks.has(key)) blocks.set(key, make("div", "block"));
  const element = blocks.get(key);
  const counts = messages.map(each => answers.get(each.thread_id) ?? 0);
  const depends = [before, model.me, firstUnread, ...messages, ...counts, ...messages.map(silenceOf)];
  if (isSame(element.depends, depends)) return element;
  element.depends = depends;
  element.style.containIntrinsicSize = `auto ${messages.length * ROW_HEIGHT}px`;
  const inside = [];
  messages.forEach((each, index) => {
    const previous = messages[index - 1] ?? before;
    if (!previous || dayOf(previous) !== dayOf(each)) inside.push(dayLine(each));
    if (each.number === firstUnread) inside.push(unreadLine);
    inside.push(row(each, previous, counts[index]));
  });
  arrange(element, inside);
  return element;
}

const isSame = (some, others) => some?.length === others.length && some.every((each, index) => each === others[index]);

/** Whether a message stands in a topic that another one began. */
const isAnswer = each => each.topic && !each.topic.first;

function countAnswers(messages) {
  const counts = new Map();
  for (const each of messages) {
    if (isAnswer(each)) counts.set(each.thread_id, (counts.get(each.thread_id) ?? 0) + 1);
  }
  return counts;
}

/** Whoever looks at a chat has read it. */
function read(last) {
  const unread = currentChat().unread?.[model.me] ?? 0;
  if (unread > 0) act("read", { chat: last.chat_id });
}

/** What tells days apart. */
const dayOf = message => new Date(+message.create_time).toDateString();

function dayLine(message) {
  const key = dayOf(message);
  if (!days.has(key)) days.set(key, make("div", "day", day(message.create_time)));
  return days.get(key);
}

/** Remember where the unread messages begin when a chat is opened. */
function noteUnread(messages) {
  if (firstUnread !== undefined || !messages.length) return;
  const others = messages.filter(each => each.sender.id !== model.me);
  firstUnread = others.at(-(currentChat().unread?.[model.me] || Infinity))?.number ?? null;
}

/** The element of a message. Its parts are drawn anew only when what they show has changed. */
function row(message, before, answers) {
  const joined =
    before?.sender.id === message.sender.id && message.create_time - before.create_time < TOGETHER && !message.quote;
  const mine = message.sender.id === model.me;
  if (!rows.has(message.message_id)) rows.set(message.message_id, newRow(message));
  const element = rows.get(message.message_id);
  const depends = [message, joined, mine, answers, silenceOf(message)];
  if (isSame(element.depends, depends)) return element;
  element.depends = depends;
  element.className = ["row", mine && "mine", joined && "joined"].filter(Boolean).join(" ");
  const parts = {
    meta: [message.sender.name, message.create_time, message.edited],
    body: [message.msg_type, message.content, message.deleted, message.mentions, message.quote],
    foot: [message.reactions, message.read_by, answers, mine, silenceOf(message)],
  };
  for (const [name, shows] of Object.entries(parts)) {
    const text = JSON.stringify(shows);
    if (element.shows[name] === text) continue;
    element.shows[name] = text;
    DRAW[name](element.querySelector(`.${name}`), message, answers);
  }
  return element;
}

function newRow(message) {
  const element = build(
    "article",
    "row",
    face(message.sender.name, message.sender.type === "app"),
    build("div", "side", make("div", "meta"), build("div", "line", make("div", "body"), tools(message)), make("div", "foot")),
  );
  element.dataset.id = message.message_id;
  element.shows = {};
  return element;
}

const DRAW = {
  meta(box, message) {
    const edited = message.edited && make("span", "", ` · ${t("edited")}`);
    box.replaceChildren(
      ...[make("b", "", message.sender.name), make("time", "", time(message.create_time)), edited].filter(Boolean),
    );
  },
  body(box, message) {
    const content = bubble(message);
    if (message.quote) content.prepend(quoteOf(message.quote));
    keepFocus(box, () => box.replaceChildren(content));
  },
  foot(box, message, answers) {
    const parts = [reactions(message)];
    if (message.thread_id && !model.thread) {
      const open = make("button", "topic", t("openTopic", answers));
      open.type = "button";
      open.onclick = () => openChat(message.chat_id, message.thread_id);
      parts.push(open);
    }
    const silent = silenceOf(message);
    if (silent) parts.push(textButton(t("silentLong", silent.words.join("; ")), () => inspectMessage(message.message_id), "silent"));
    const readers = message.read_by.map(nameOf);
    if (readers.length) parts.push(make("small", "read", t("readBy", readers.join(", "))));
    box.replaceChildren(...parts.filter(Boolean));
  },
};

/** Redraw without taking the keyboard from somebody who types there; what an input method composes is let finish. */
function keepFocus(box, redraw) {
  const focused = document.activeElement;
  if (!box.contains(focused)) return redraw();
  const { name, selectionStart, selectionEnd } = focused;
  const again = () => {
    redraw();
    const next = name && box.querySelector(`[name="${CSS.escape(name)}"]`);
    if (!next) return;
    next.focus();
    if (typeof selectionStart === "number") next.setSelectionRange(selectionStart, selectionEnd);
  };
  if (focused.dataset.composing) return focused.addEventListener("compositionend", again, { once: true });
  return again();
}
