// Mentions: an @ offers the people and bots of the chat, and the chosen one is a real mention, not only its name.

import { make, parse } from "./dom.js";
import { currentChat, model, nameOf } from "./model.js";
import { postText } from "./post.js";
import { t } from "./words.js";

const TYPED = /(?:^|\s)@([^\s@]*)$/;

/** Offer mentions in a text area. */
export function completion(text, box) {
  /** [{ id, name }] in the order in which they were chosen. */
  let chosen = [];
  let offered = [];
  let index = 0;

  const close = () => {
    offered = [];
    box.hidden = true;
    text.setAttribute("aria-expanded", "false");
    text.removeAttribute("aria-activedescendant");
  };

  function look() {
    const typed = TYPED.exec(text.value.slice(0, text.selectionStart));
    const wanted = typed?.[1].toLowerCase();
    offered = typed ? matching(wanted) : [];
    index = 0;
    if (offered.length) draw();
    else close();
  }

  function draw() {
    box.hidden = false;
    text.setAttribute("aria-expanded", "true");
    box.replaceChildren(
      ...offered.map((each, number) => {
        const option = make("div", "option", each.name);
        option.id = `mention-${number}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", number === index);
        option.onmousedown = event => {
          event.preventDefault();
          choose(each);
        };
        return option;
      }),
    );
    text.setAttribute("aria-activedescendant", `mention-${index}`);
    box.children[index].scrollIntoView({ block: "nearest" });
  }

  function choose({ id, name }) {
    const before = text.value.slice(0, text.selectionStart).replace(/@[^\s@]*$/, `@${name} `);
    const after = text.value.slice(text.selectionStart);
    text.value = before + after;
    text.selectionStart = text.selectionEnd = before.length;
    chosen.push({ id, name });
    close();
  }

  /** Whether a key was for the list. */
  function key(event) {
    if (!offered.length) return false;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      index = (index + (event.key === "ArrowDown" ? 1 : offered.length - 1)) % offered.length;
      draw();
    } else if (event.key === "Enter" || event.key === "Tab") {
      choose(offered[index]);
    } else if (event.key === "Escape") {
      close();
    } else {
      return false;
    }
    event.preventDefault();
    return true;
  }

  text.addEventListener("blur", close);
  return {
    look,
    key,
    mentions: () => chosen,
    restore: mentions => {
      chosen = mentions;
      close();
    },
    /** The text with its mentions as the sandbox reads them. */
    marked: typed => mark(typed, chosen),
    source,
  };
}

/** Everybody in the chat but the person who writes. */
function candidates() {
  const chat = currentChat();
  if (!chat || chat.mode === "p2p") return [];
  const people = chat.members.filter(id => id !== model.me).map(id => ({ id, name: nameOf(id) }));
  const bots = chat.apps.map(id => ({ id, name: nameOf(id), isBot: true }));
  return [...bots, ...people, { id: "all", name: t("mentionAll") }];
}

/** Those in whose names a text occurs; at the beginning of the name counts most. */
function matching(wanted) {
  const place = each => each.name.toLowerCase().indexOf(wanted);
  return candidates()
    .filter(each => place(each) >= 0)
    .sort((a, b) => Math.sign(place(a)) - Math.sign(place(b)));
}

function mark(typed, chosen) {
  let rest = typed;
  let done = "";
  for (const { id, name } of chosen) {
    const at = rest.indexOf("@" + name);
    if (at < 0) continue;
    done += `${rest.slice(0, at)}<at user_id="${id}">${name}</at>`;
    rest = rest.slice(at + name.length + 1);
  }
  return done + rest;
}

/** A message that was sent, as it is typed. */
function source(message) {
  const mentions = (message.mentions ?? []).map(each => ({ id: each.id, name: each.name, key: each.key }));
  const content = parse(message.content);
  if (message.msg_type === "post") return { text: postText(content, message.mentions), mentions };
  const text = mentions.reduce((whole, each) => whole.replace(each.key, "@" + each.name), String(content.text ?? ""));
  return { text: text.replace(/\[([^\]\n]+)\]\((?:https?:|mailto:)[^()\s]+\)/g, "$1"), mentions };
}
