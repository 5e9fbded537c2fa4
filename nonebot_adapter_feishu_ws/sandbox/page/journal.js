// What passed between the sandbox and the bots, as far as it was loaded; and which messages nobody answered, and why.

import { journal } from "./api.js";
import { app, chat, emit, on } from "./model.js";

export const KINDS = ["plugin", "event", "rest", "click", "frame"];
const KEPT = 500;
/** kind -> entry number -> entry. */
const entries = new Map(KINDS.map(kind => [kind, new Map()]));
/** event_id -> message_id, and message_id -> why the bot was silent. */
const messageOf = new Map();
const silence = new Map();
const answered = new Set();
const NOT_MEANT = ["no_matcher", "not_to_me"];
let loaded = false;

export function startJournal() {
  on("entry", entry => {
    keep(entry);
    emit("journal", entry);
  });
}

function keep(entry) {
  const kept = entries.get(entry.kind);
  kept.set(entry.number, entry);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value);
  const messageId = entry.event?.event?.message?.message_id;
  if (entry.kind === "event" && messageId) messageOf.set(entry.event_id, messageId);
  if (entry.kind === "plugin") explain(entry);
}

/** Several bots may get a message; it is silence only if none of them answers. */
function explain(report) {
  const messageId = messageOf.get(report.event_id);
  if (!messageId) return;
  if (!report.silence.length) answered.add(messageId);
  if (answered.has(messageId)) silence.delete(messageId);
  else silence.set(messageId, report);
  emit("silence", messageId);
}

/** Why nobody answered a message; undefined where nobody had to, as when people talk to each other in a group. */
export function silenceOf(message) {
  const report = silence.get(message.message_id);
  const meant = chat(message.chat_id)?.mode === "p2p" || message.mentions?.some(each => app(each.id));
  return meant || report?.silence.some(reason => !NOT_MEANT.includes(reason)) ? report : undefined;
}

/** Load what came before the page was opened. */
export async function loadJournal() {
  if (loaded) return;
  loaded = true;
  for (const kind of ["event", ...KINDS.filter(each => each !== "event")]) {
    const { entries: found } = await journal.list(kind);
    for (const entry of found.reverse()) keep(entry);
  }
  emit("journal");
}

/** The entries of a kind in which a text occurs, newest first. */
export function find(kind, text) {
  const found = [...entries.get(kind).values()].sort((a, b) => b.number - a.number);
  return text ? found.filter(each => JSON.stringify(each).toLowerCase().includes(text.toLowerCase())) : found;
}

/** What belongs to an event: the event, the matchers that ran, the clicks. */
export const about = eventId =>
  KINDS.flatMap(kind => [...entries.get(kind).values()]).filter(each => each.event_id === eventId);
