// The content of a message, by its type; also in short, for quotes and for the list of chats.

import { card, cardText } from "./card.js";
import { build, link, list, make, parse, textOf } from "./dom.js";
import { mediaOf } from "./media.js";
import { nameOf } from "./model.js";
import { post, postText } from "./post.js";
import { moment } from "./time.js";
import { kindName, t } from "./words.js";

const MARK = /(@_all|@_user_\d+|\[[^\]\n]+\]\((?:https?:|mailto:)[^()\s]+\))/;
const SHORT = 120;
const MEDIA = ["image", "file", "audio", "media", "sticker"];

/** The bubble of a message. One of an unexpected shape must hide no other one, so it is shown as such. */
export function bubble(message) {
  try {
    const box = draw(message);
    if (box.hasChildNodes()) return box;
  } catch (error) {
    console.warn(`message ${message.message_id}:`, error);
  }
  return make("div", "bubble", t("broken"));
}

function draw(message) {
  const box = make("div", "bubble");
  const content = parse(message.content);
  box.dataset.type = message.msg_type;
  if (message.deleted) {
    box.classList.add("gone");
    box.append(t("gone"));
  } else if (message.msg_type === "text") {
    words(box, content.text, message.mentions);
  } else if (message.msg_type === "post") {
    post(box, content, message.mentions);
  } else if (message.msg_type === "interactive") {
    card(box, content, message);
  } else if (MEDIA.includes(message.msg_type)) {
    box.append(mediaOf(message.msg_type, content));
  } else {
    box.classList.add("tile");
    const lines = [tileTitle(message.msg_type, content), ...facts(content)].filter(Boolean);
    box.append(make("small", "", kindName(message.msg_type)), make("span", "", lines.join("\n")));
    for (const each of list(message.forwarded)) box.append(build("div", "inner", make("small", "", each.sender.name), bubble(each)));
  }
  return box;
}

/** A message as it is quoted. */
export function quoteOf(message) {
  const box = make("blockquote", "quote");
  const text = message.recalled ? t("goneShort") : summary(message).slice(0, SHORT);
  box.append(make("b", "", `${message.sender_name}: `), text);
  return box;
}

/** What a message says, as one text; its kind if that cannot be read. */
export function summary(message) {
  try {
    return textIn(message);
  } catch {
    return kindName(message.msg_type);
  }
}

function textIn(message) {
  const content = parse(message.content);
  if (message.msg_type === "text") return plain(content.text, message.mentions);
  if (message.msg_type === "post") return postText(content, message.mentions);
  if (message.msg_type === "interactive") return cardText(content) || t("card");
  return `[${kindName(message.msg_type)}] ${content.file_name || tileTitle(message.msg_type, content) || ""}`.trim();
}

/** A text whose placeholders are names, and whose links are links. */
export function words(box, text, mentions) {
  for (const part of String(text ?? "").split(MARK)) {
    const url = /^\[(.+)\]\((.+)\)$/.exec(part);
    const name = mentioned(part, mentions);
    if (name) box.append(make("span", "at", "@" + name));
    else if (url) box.append(link(url[1], url[2]));
    else if (part) box.append(part);
  }
}

export function mentioned(key, mentions) {
  if (key === "@_all") return t("everybody");
  return list(mentions).find(each => each.key === key)?.name;
}

const plain = (text, mentions) =>
  String(text ?? "")
    .split(MARK)
    .map(part => {
      const name = mentioned(part, mentions);
      return name ? "@" + name : part.replace(/^\[(.+)\]\((.+)\)$/, "$1");
    })
    .join("");

function tileTitle(type, content) {
  return (
    (content.user_id && (content.user_name || nameOf(content.user_id))) ||
    (content.chat_id && (content.name || t("somebody"))) ||
    task(content.summary) ||
    content.file_name ||
    content.name ||
    content.topic ||
    textOf(content.summary) ||
    content.text ||
    filledTemplate(content) ||
    ""
  );
}

/** The title and text of a task. */
function task(value) {
  if (!value?.content) return "";
  const lines = list(value.content).map(line =>
    list(line).map(node => node.text ?? "@" + (node.user_name || nameOf(node.user_id))).join(""),
  );
  return [value.title, ...lines].filter(Boolean).join("\n");
}

/** The sentence of a system message, whose {names} are keys of the content. */
function filledTemplate(content) {
  return String(content.template ?? "").replace(/{(\w+)}/g, (placeholder, key) => {
    const people = list(content[key]).map(each => each?.name ?? each).join(", ");
    return people || textOf(content[key]) || placeholder;
  });
}

function facts(content) {
  return [
    content.longitude ? `${content.latitude}, ${content.longitude}` : "",
    moment(content.due_time || content.start_time),
    ...list(content.options).map(option => "○ " + textOf(option)),
  ];
}
