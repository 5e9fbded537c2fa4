// Rich texts: lines of elements, Markdown, code, quotes and lists, pictures; and as one text.

import { build, link, list, make, table } from "./dom.js";
import { emoji } from "./emoji.js";
import { markdown } from "./markdown.js";
import { picture, video } from "./media.js";
import { mentioned, words } from "./message.js";
import { nameOf } from "./model.js";
import { t } from "./words.js";

const STYLES = table({ bold: "b", italic: "i", underline: "u", lineThrough: "s" });

/** Show a rich text in a box. */
export function post(box, content, mentions) {
  const { title, lines } = read(content);
  if (title) box.append(make("b", "title", title));
  for (const line of lines) {
    box.append(build("div", "line-of", list(line).map(node => element(node, mentions)).flat()));
  }
}

/** Newer clients send the lines as `content_v2`, and a post may be nested by locale. */
function read(content) {
  const inner = content.post ?? content;
  const localized = inner.content || inner.content_v2 ? inner : (Object.values(inner).find(each => each?.content) ?? inner);
  const lines = list(localized.content_v2).length ? localized.content_v2 : list(localized.content);
  return { title: localized.title, lines };
}

function element(node, mentions) {
  switch (node?.tag) {
    case "text":
      return styled(node, node.text, mentions);
    case "a":
      return styledElement(node, link(node.text || node.href, node.href));
    case "at":
      return make("span", "at", "@" + atName(node, mentions));
    case "img":
      return picture(node.image_key);
    case "media":
      return video(node);
    case "emotion":
      return make("span", "emotion", emoji(node.emoji_type));
    case "code_block":
      return build("pre", "", make("code", "", node.text));
    case "md":
      return markdown(make("div"), node.text);
    case "hr":
      return make("hr");
    default:
      return String(node?.text ?? "");
  }
}

function atName(node, mentions) {
  if (node.user_id === "all" || node.user_id === "@_all") return t("everybody");
  return node.user_name || mentioned(node.user_id, mentions) || nameOf(node.user_id || node.open_id);
}

function styled(node, text, mentions) {
  const box = make("span");
  words(box, node.un_escape ? unescaped(text) : text, mentions);
  return styledElement(node, box);
}

function styledElement(node, inner) {
  return list(node.style).reduce((child, style) => (STYLES[style] ? build(STYLES[style], "", child) : child), inner);
}

/** Entities of HTML as the characters that they name; nothing else is read as HTML. */
function unescaped(text) {
  const box = make("textarea");
  box.innerHTML = String(text ?? "").replace(/</g, "&lt;");
  return box.value;
}

/** A rich text as one text. */
export function postText(content, mentions) {
  const { title, lines } = read(content);
  const texts = lines.map(line => list(line).map(node => nodeText(node, mentions)).join(""));
  return [title, ...texts].filter(Boolean).join("\n");
}

function nodeText(node, mentions) {
  if (node?.tag === "at") return "@" + atName(node, mentions);
  if (node?.tag === "emotion") return emoji(node.emoji_type);
  if (node?.tag === "img") return `[${t("image")}]`;
  return node?.text ?? "";
}
