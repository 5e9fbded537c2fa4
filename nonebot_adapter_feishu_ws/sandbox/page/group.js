// Groups: new ones, and what people do with one: members, bots, its name, leaving and joining.

import { act } from "./api.js";
import { checks, dialog, labelled } from "./dialog.js";
import { build, face, make, textButton } from "./dom.js";
import { chat as find, model, nameOf, openChat, titleOf } from "./model.js";
import { t } from "./words.js";

const people = () => model.people.map(each => ({ id: each.open_id, name: each.name }));
const bots = () => model.apps.map(each => ({ id: each.app_id, name: each.name }));

export function newGroup() {
  const name = make("input");
  name.required = true;
  name.maxLength = 60;
  const others = checks(t("members"), people().filter(each => each.id !== model.me));
  const robots = checks(t("bots"), bots(), new Set(bots().map(each => each.id)));
  const topics = make("input");
  topics.type = "checkbox";
  const content = build(
    "div",
    "fields",
    labelled(t("groupName"), name),
    others.element,
    robots.element,
    build("label", "", topics, " ", t("topics")),
  );
  const create = async () => {
    const made = await act("create_group", {
      name: name.value.trim(),
      members: others.read(),
      apps: robots.read(),
      mode: topics.checked ? "topic" : "group",
    });
    if (made) openChat(made.chat.chat_id);
  };
  dialog(t("newGroup"), content, create, t("create"));
}

/** Show a group's members and bots, with what can be done to them. */
export function aboutGroup(chatId) {
  const content = make("div", "fields");
  const box = dialog(t("about"), content);
  const draw = () => {
    const chat = find(chatId);
    if (!chat) return box.close();
    const change = async (name, args) => {
      await act(name, { chat: chatId, ...args });
      draw();
    };
    return content.replaceChildren(
      naming(chat, change),
      roster(t("members"), chat.members, missing(people(), chat.members), {
        add: id => change("join", { user: id, by: model.me }),
        remove: id => change("leave", id === model.me ? { user: id } : { user: id, by: model.me }),
      }),
      roster(t("bots"), chat.apps, missing(bots(), chat.apps), {
        add: id => change("add_bot", { app_id: id }),
        remove: id => change("remove_bot", { app_id: id }),
      }),
    );
  };
  draw();
}

const missing = (all, held) => all.filter(each => !held.includes(each.id));

function naming(chat, change) {
  const name = make("input");
  name.value = titleOf(chat);
  name.maxLength = 60;
  const rename = textButton(t("rename"), () => name.value.trim() && change("rename_group", { name: name.value.trim() }));
  return build("div", "row-of", labelled(t("groupName"), name), rename);
}

function roster(title, held, others, { add, remove }) {
  const rows = held.map(id =>
    build("li", "", face(nameOf(id)), make("span", "who", nameOf(id)), textButton(t("remove"), () => remove(id))),
  );
  const select = make("select");
  select.setAttribute("aria-label", title);
  select.append(...others.map(each => new Option(each.name, each.id)));
  const adding = others.length > 0 && build("div", "row-of", select, textButton(t("add"), () => add(select.value)));
  return build("section", "roster", make("h3", "", title), build("ul", "", rows), adding);
}
