// The content of a message, by its type.

import { card } from "./card.js";
import { link, list, make, picture, textOf } from "./dom.js";
import { personName, state } from "./state.js";
import { kindName, t } from "./words.js";

/** Show a message in its bubble, or quoted in that of another one. */
export function fill(box, message) {
  const content = parse(message.body.content);
  if (message.deleted) {
    box.classList.add("gone");
    box.append(t.gone);
  } else if (message.msg_type === "text") {
    words(box, content.text, message.mentions);
  } else if (message.msg_type === "image") {
    box.append(picture(content.image_key));
  } else if (message.msg_type === "post") {
    post(box, content, message.mentions);
  } else if (message.msg_type !== "interactive") {
    tile(box, message.msg_type, content);
  } else if (box.classList.contains("quote")) {
    box.append("[card] " + textOf(content.header?.title));
  } else {
    card(box, content, message);
  }
}

function parse(content) {
  try {
    return JSON.parse(content);
  } catch {
    return { text: content };
  }
}

/** A text whose placeholders are names, and whose links are links. */
function words(box, text, mentions) {
  const names = Object.fromEntries((mentions || []).map(mention => [mention.key, mention.name]));
  names["@_all"] = t.everybody;
  for (const part of String(text ?? "").split(/(@_all|@_user_\d+|\[[^\]\n]+\]\((?:https?:|mailto:)[^()\s]+\))/)) {
    const url = /^\[(.+)\]\((.+)\)$/.exec(part);
    if (names[part]) box.append(make("span", "at", "@" + names[part]));
    else if (url) box.append(link(url[1], url[2]));
    else if (part) box.append(part);
  }
}

function post(box, content, mentions) {
  if (content.title) box.append(make("b", "", content.title), "\n");
  list(content.content).forEach((line, number) => {
    if (number) box.append("\n");
    for (const node of line) postElement(box, node, mentions);
  });
}

function postElement(box, node, mentions) {
  switch (node.tag) {
    case "a":
      return box.append(link(node.text, node.href));
    case "at":
      return box.append(make("span", "at", "@" + (node.user_name || (node.user_id === "all" ? t.at : node.user_id))));
    case "img":
      return box.append(picture(node.image_key));
    case "code_block":
      return box.append(make("code", "", node.text));
    case "emotion":
      return box.append(`[${node.emoji_type}]`);
    default:
      return words(box, node.text ?? `[${node.tag}]`, mentions);
  }
}

/** Any other type: its name, its picture if it has one, and what it says in short. */
function tile(box, type, content) {
  const key = content.image_key || (type === "sticker" && content.file_key);
  if (key) {
    const image = picture(key);
    image.onload = () => {
      if (type === "sticker") box.replaceChildren(image);
    };
    image.onerror = () => image.remove();
    box.append(image);
  }
  box.classList.add("tile");
  box.append(make("small", "", kindName(type)), [tileTitle(type, content), ...facts(content)].filter(Boolean).join("\n"));
}

function tileTitle(type, content) {
  const person = content.user_id && (content.user_name || personName(content.user_id));
  const group = content.chat_id && (content.name || state.chats.find(chat => chat.chat_id === content.chat_id)?.name);
  return (
    person ||
    group ||
    task(content.summary) ||
    content.file_name ||
    content.name ||
    content.topic ||
    textOf(content.summary) ||
    content.text ||
    filledTemplate(content) ||
    (type === "audio" ? "" : content.file_key || content.chat_id || content.user_id || "")
  );
}

/** The title and text of a task. */
function task(summary) {
  if (!summary?.content) return "";
  const lines = list(summary.content).map(line =>
    list(line).map(node => node.text ?? "@" + (node.user_name || node.user_id)).join(""),
  );
  return [summary.title, ...lines].filter(Boolean).join("\n");
}

/** The sentence of a system message, whose {names} are keys of the content. */
function filledTemplate(content) {
  return String(content.template ?? "").replace(/{(\w+)}/g, (placeholder, key) => {
    const people = list(content[key]).map(person => person?.name ?? person).join(", ");
    return people || textOf(content[key]) || placeholder;
  });
}

function facts(content) {
  return [
    duration(content.duration),
    content.recognition,
    content.longitude ? `${content.latitude}, ${content.longitude}` : "",
    when(content.due_time || content.start_time),
    ...list(content.options).map(option => "○ " + textOf(option)),
  ];
}

function duration(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  return seconds >= 0 ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` : "";
}

function when(milliseconds) {
  if (!+milliseconds) return "";
  return new Date(+milliseconds).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}
