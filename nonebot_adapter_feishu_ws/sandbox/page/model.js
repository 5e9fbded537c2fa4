// What the page knows: people, bots, chats, the messages of each chat; and who is told when something changes.

const ME = "feishu-sandbox-me";

export const model = {
  people: [],
  apps: [],
  chats: [],
  /** open_id of the person who acts. */
  me: sessionStorage.getItem(ME),
  /** chat_id of the chosen chat, and the topic in it that is open. */
  current: null,
  thread: null,
};

/** chat_id -> { byId: message_id -> message, sorted: the same by time, complete: whether the first one is known }. */
const histories = new Map();
const handlers = {};

/** Call a handler at each change of a subject: state, chat, messages, connection, entry, faults. */
export function on(subject, handler) {
  (handlers[subject] ??= []).push(handler);
}

export function emit(subject, ...details) {
  for (const handler of handlers[subject] ?? []) handler(...details);
}

/** Take the server's people, bots and chats. */
export function takeState({ people, apps, chats }) {
  Object.assign(model, { people, apps, chats });
  if (!person(model.me)) model.me = people[0]?.open_id ?? null;
  if (model.current && !chat(model.current)) openChat(null);
  emit("state");
}

/** The last message of a chat, new or changed. */
export function takeLast(raw) {
  const held = chat(raw.chat_id);
  if (!held || (held.last && held.last.number > raw.number)) return;
  const isNew = held.last?.message_id !== raw.message_id;
  if (isNew) for (const id of Object.keys(held.unread)) held.unread[id] += id !== raw.sender.id;
  held.last = raw;
  emit("state");
}

const LISTS = { chat: ["chats", "chat_id"], person: ["people", "open_id"], app: ["apps", "app_id"] };

/** Take one chat, person or bot that is new, different, or gone (null). */
export function takeChange(kind, key, value) {
  const [name, id] = LISTS[kind];
  const index = model[name].findIndex(each => each[id] === key);
  if (value && index >= 0) model[name][index] = value;
  else if (value) model[name].push(value);
  else if (index >= 0) model[name].splice(index, 1);
  if (model.current && !chat(model.current)) openChat(null);
  emit("state");
}

export const person = id => model.people.find(each => each.open_id === id);
export const app = id => model.apps.find(each => each.app_id === id || each.bot_open_id === id);
export const chat = id => model.chats.find(each => each.chat_id === id);
export const currentChat = () => chat(model.current);

/** The chats of the person who acts: theirs, and groups they may join. */
export const ownChats = () => model.chats.filter(each => each.mode !== "p2p" || each.members.includes(model.me));

/** The name of a person or a bot, by any id that a message may have. */
export function nameOf(id) {
  return person(id)?.name ?? app(id)?.name ?? model.people.find(each => each.user_id === id)?.name ?? id;
}

/** What a chat is called: a private one by its bot. */
export const titleOf = each => (each.mode === "p2p" ? nameOf(each.apps[0]) : each.name) || each.chat_id;

export function actAs(openId) {
  model.me = openId;
  sessionStorage.setItem(ME, openId);
  if (!ownChats().some(each => each.chat_id === model.current)) openChat(null);
  emit("state");
  emit("chat");
}

export function openChat(chatId, thread = null) {
  model.current = chatId;
  model.thread = thread;
  emit("chat");
}

function history(chatId) {
  if (!histories.has(chatId)) histories.set(chatId, { byId: new Map(), sorted: null, complete: false });
  return histories.get(chatId);
}

export const isComplete = chatId => history(chatId).complete;
export const isKnown = chatId => histories.has(chatId);

/** The messages of a chat that are known, oldest first. */
export function messagesOf(chatId) {
  const known = history(chatId);
  known.sorted ??= [...known.byId.values()].sort((a, b) => a.number - b.number);
  return known.sorted;
}

export function message(messageId) {
  for (const { byId } of histories.values()) if (byId.has(messageId)) return byId.get(messageId);
  return undefined;
}

/** Take messages of a chat, new or changed; `complete` when nothing is before them. */
export function takeMessages(chatId, messages, complete = false) {
  const known = history(chatId);
  for (const each of messages) known.byId.set(each.message_id, each);
  known.sorted = null;
  known.complete ||= complete;
  emit("messages", chatId);
}

/** Forget all messages: a part of what changed is not known. */
export function forgetMessages() {
  histories.clear();
}
