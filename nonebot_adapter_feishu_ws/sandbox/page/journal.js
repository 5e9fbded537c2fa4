// What passed between the sandbox and the bots, as far as it was loaded; and which messages nobody answered, and why.

import { journal } from "./api.js";
import { emit, on } from "./model.js";

export const KINDS = ["plugin", "event", "rest", "click", "frame"];
const KEPT = 500;
/** kind -> entry number -> entry. */
const entries = new Map(KINDS.map(kind => [kind, new Map()]));
/** event_id -> message_id, and message_id -> why the bot was silent. */
const messageOf = new Map();
const silence = new Map();
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
  if (report.silence.length) silence.set(messageId, { event_id: report.event_id, words: report.words });
  else silence.delete(messageId);
  emit("silence", messageId);
}

export const silenceOf = messageId => silence.get(messageId);

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
