// The one place that talks to the sandbox: its state, histories, actions, journal, faults, and the stream of changes.

import {
  emit,
  forgetMessages,
  isComplete,
  isKnown,
  messagesOf,
  model,
  takeChange,
  takeLast,
  takeMessages,
  takeState,
} from "./model.js";
import { toast } from "./toast.js";
import { t } from "./words.js";

const ROOT = "/sandbox/v1/";
const PAGE = 60;
const EARLIER = 200;
const RETRY = 1000;
let last = null;
let source = null;

async function ask(method, path, body) {
  const isForm = body instanceof FormData;
  const response = await fetch(ROOT + path, {
    method,
    body: body === undefined || isForm ? body : JSON.stringify(body),
    headers: isForm || body === undefined ? {} : { "Content-Type": "application/json" },
  });
  const isText = response.headers.get("Content-Type")?.startsWith("text/");
  const answer = isText ? await response.text() : await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error || `${response.status} ${response.statusText}`);
  return answer;
}

/** Do what a person does; the names and arguments are those of the Python methods. Tells when it fails. */
export async function act(name, args) {
  try {
    return await ask("POST", `actions/${name}`, { user: model.me, ...args });
  } catch (error) {
    toast({ type: "error", content: t("failed", error.message) });
    return null;
  }
}

/** Send a file as a person does. */
export async function upload(fields, file) {
  const form = new FormData();
  for (const [name, value] of Object.entries({ user: model.me, ...fields })) form.append(name, value);
  form.append("file", file, file.name);
  try {
    return await ask("POST", "actions/send_file", form);
  } catch (error) {
    toast({ type: "error", content: t("failed", error.message) });
    return null;
  }
}

export async function loadState() {
  const state = await ask("GET", "state");
  takeState(state);
  return state;
}

/** Load the latest messages of a chat, or those before the first one that is known. */
export async function loadMessages(chatId, earlier = false) {
  if (earlier ? isComplete(chatId) : isKnown(chatId)) return;
  const first = earlier ? messagesOf(chatId)[0]?.number : undefined;
  const before = first ? `&before=${first}` : "";
  const path = `chats/${encodeURIComponent(chatId)}/messages?limit=${earlier ? EARLIER : PAGE}${before}`;
  const { messages, has_more: more } = await ask("GET", path);
  takeMessages(chatId, messages.map(toMessage), !more);
}

/** A message that is new or has changed; the latest one of a chat is its last line in the list. */
function takeNews(raw) {
  takeMessages(raw.chat_id, [toMessage(raw)]);
  takeLast(raw);
}

/** A message as the page has it, from what the sandbox says of it. */
function toMessage(raw) {
  return {
    ...raw,
    sender: { id: raw.sender.id, type: raw.sender.sender_type, name: raw.sender_name },
    content: raw.body.content,
    deleted: raw.recalled,
    reactions: raw.reactions.map(each => ({ emoji_type: each.emoji_type, people: each.by.map(who => who.id) })),
    forwarded: raw.forwarded.map(toMessage),
  };
}

export const journal = {
  list: kind => ask("GET", `journal?kind=${kind}&limit=200`),
  /** Push an event again; `event` in the body replaces its content. */
  again: (number, body) => ask("POST", `journal/${number}/again`, body),
  test: number => ask("GET", `journal/${number}/test`),
};

export const faults = {
  list: () => ask("GET", "faults"),
  start: body => ask("POST", "faults", body),
  clear: () => ask("DELETE", "faults"),
};

/** Follow the changes for as long as the page is seen. */
export function follow(number) {
  last = number;
  source?.close();
  if (document.hidden) return;
  const stream = new EventSource(`${ROOT}stream?after=${last}`);
  source = stream;
  const take = handler => event => {
    if (event.lastEventId) last = +event.lastEventId;
    handler(parseData(event));
  };
  stream.onopen = () => emit("connection", true);
  stream.onerror = () => {
    stream.close();
    emit("connection", false);
    setTimeout(reconnect, RETRY);
  };
  stream.addEventListener("message", take(({ message }) => message && takeNews(message)));
  for (const kind of ["chat", "person", "app"]) stream.addEventListener(kind, take(each => takeChange(kind, each.key, each[kind])));
  stream.addEventListener("entry", take(({ entry }) => entry && emit("entry", entry)));
  stream.addEventListener("fault", take(() => emit("faults")));
  stream.addEventListener("reload", () => {
    stream.close();
    reconnect();
  });
}

// A browser opens six connections to a host at once: a tab that nobody sees leaves its own to the others.
document.addEventListener("visibilitychange", () => {
  if (last === null) return;
  if (document.hidden) source?.close();
  else follow(last);
});

/** Load everything that is shown again, and follow on from there. */
async function reconnect() {
  try {
    const state = await loadState();
    forgetMessages();
    if (model.current) await loadMessages(model.current);
    emit("chat");
    follow(state.number);
  } catch {
    emit("connection", false);
    setTimeout(reconnect, RETRY);
  }
}

function parseData(event) {
  return event.data ? JSON.parse(event.data) : {};
}
