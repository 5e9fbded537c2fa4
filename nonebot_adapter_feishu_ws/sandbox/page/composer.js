// Where messages are written: several lines, mentions, replies, edits, files by choice, paste and drop.

import { act, upload } from "./api.js";
import { completion } from "./completion.js";
import { $, action, build, make } from "./dom.js";
import { icon } from "./icons.js";
import { currentChat, messagesOf, model, on } from "./model.js";
import { quoteOf } from "./message.js";
import { toPost } from "./richtext.js";
import { toast } from "./toast.js";
import { t } from "./words.js";

const MAX_FILE = 30 * 1024 * 1024;
const HEIGHT = 200;
/** chat and topic -> what was typed there: { text, context, mentions }. */
const drafts = new Map();
let place = null;
/** What the next message refers to: { kind: "reply" | "topic" | "edit", message }; null for nothing. */
let context = null;
let complete;

export function startComposer() {
  const text = $("text");
  complete = completion(text, $("completion"));
  text.oninput = () => {
    grow();
    complete.look();
  };
  text.onkeydown = key;
  $("composer").onsubmit = event => {
    event.preventDefault();
    submit();
  };
  $("attach").onclick = () => $("files").click();
  $("files").onchange = () => {
    sendFiles([...$("files").files]);
    $("files").value = "";
  };
  text.onpaste = event => {
    const files = [...event.clipboardData.files];
    if (!files.length) return;
    event.preventDefault();
    sendFiles(files);
  };
  startDrop();
  on("chat", changePlace);
  on("state", describe);
}

/** Keep what was typed in one chat while another one is open. */
function changePlace() {
  const text = $("text");
  if (place) drafts.set(place, { text: text.value, context, mentions: complete.mentions() });
  place = model.current && `${model.current} ${model.thread ?? ""}`;
  const draft = drafts.get(place) ?? { text: "", context: null, mentions: [] };
  text.value = draft.text;
  complete.restore(draft.mentions);
  context = draft.context;
  showContext();
  grow();
  describe();
}

function describe() {
  const chat = currentChat();
  const hint = model.thread ? "typeTopic" : chat && chat.mode !== "p2p" ? "typeGroup" : "type";
  $("text").placeholder = t(hint);
  $("text").setAttribute("aria-label", t(hint));
  $("text").disabled = $("send").disabled = $("attach").disabled = !chat;
}

function grow() {
  const text = $("text");
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight, HEIGHT)}px`;
}

function key(event) {
  // While an input method composes, Enter chooses a word and the arrows move in its list.
  if (event.isComposing || event.keyCode === 229) return;
  if (complete.key(event)) return;
  if (event.key === "Enter" && !event.shiftKey && !event.ctrlKey) {
    event.preventDefault();
    submit();
  } else if (event.key === "Escape" && context) {
    setContext(null);
  } else if (event.key === "ArrowUp" && !$("text").value) {
    const last = messagesOf(model.current).findLast(each => each.sender.id === model.me && isEditable(each));
    if (last) edit(last);
  }
}

const isEditable = message => !message.deleted && ["text", "post"].includes(message.msg_type);

/** Answer a message: as a quote, or in its topic. */
export function replyTo(message, { topic = false } = {}) {
  setContext({ kind: topic ? "topic" : "reply", message });
}

/** Change a message that was sent. */
export function edit(message) {
  setContext({ kind: "edit", message });
  const source = complete.source(message);
  $("text").value = source.text;
  complete.restore(source.mentions);
  grow();
}

function setContext(next) {
  if (context?.kind === "edit" && next?.kind !== "edit") {
    $("text").value = "";
    grow();
  }
  context = next;
  showContext();
  $("text").focus();
}

function showContext() {
  const box = $("context");
  box.hidden = !context;
  if (!context) return box.replaceChildren();
  const { kind, message } = context;
  const label = kind === "edit" ? t("editing") : t(kind === "topic" ? "topic" : "replyTo", message.sender.name);
  const quote = quoteOf({ ...message, recalled: message.deleted, sender_name: message.sender.name });
  return box.replaceChildren(build("div", "", make("b", "", label), quote), action(t("cancel"), icon("close"), () => setContext(null)));
}

async function submit() {
  const text = $("text");
  const typed = text.value;
  const content = complete.marked(typed).trim();
  if (!content || !model.current) return;
  const [was, wasContext, mentions] = [place, context, complete.mentions()];
  text.value = "";
  setContext(null);
  complete.restore([]);
  grow();
  const isRich = wasContext?.kind === "edit" ? wasContext.message.msg_type === "post" : $("rich").checked;
  if (await send(isRich ? toPost(content) : content, wasContext)) return;
  // It did not work: what was typed comes back where it was typed, before anything written since.
  if (place !== was) return void drafts.set(was, { text: typed, context: wasContext, mentions });
  text.value = typed + text.value;
  complete.restore([...mentions, ...complete.mentions()]);
  grow();
}

function send(content, about) {
  const msgType = typeof content === "string" ? {} : { msg_type: "post" };
  const message = about?.message.message_id;
  if (about?.kind === "edit") return act("edit", { message, content });
  if (about?.kind === "topic") return act("answer_in_topic", { message, content });
  if (model.thread) return act("answer_in_topic", { message: topicRoot(), content });
  return act("say", { chat: model.current, content, ...msgType, ...(message ? { reply_to: message } : {}) });
}

/** The first message of the open topic. */
const topicRoot = () => messagesOf(model.current).find(each => each.thread_id === model.thread)?.message_id;

const KINDS = { "image/": "image", "video/": "media", "audio/": "audio" };

async function sendFiles(files) {
  const chat = model.current;
  for (const file of files) {
    if (file.size > MAX_FILE) {
      toast({ type: "warning", content: t("tooLarge", file.name) });
      continue;
    }
    const kind = Object.entries(KINDS).find(([prefix]) => file.type.startsWith(prefix))?.[1] ?? "file";
    await upload({ chat, kind }, file);
  }
}

function startDrop() {
  const box = $("middle");
  const show = event => {
    if (![...event.dataTransfer.types].includes("Files") || !model.current) return;
    event.preventDefault();
    $("drop").hidden = false;
  };
  box.ondragenter = box.ondragover = show;
  $("drop").ondragleave = () => ($("drop").hidden = true);
  box.ondrop = event => {
    event.preventDefault();
    $("drop").hidden = true;
    sendFiles([...event.dataTransfer.files]);
  };
}
