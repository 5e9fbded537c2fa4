// Which person acts, and new people.

import { act } from "./api.js";
import { dialog, labelled } from "./dialog.js";
import { $, build, make } from "./dom.js";
import { actAs, model, on } from "./model.js";
import { t } from "./words.js";

const NEW = "+";

export function startPeople() {
  $("me").onchange = () => {
    if ($("me").value !== NEW) return actAs($("me").value);
    $("me").value = model.me;
    return newPerson();
  };
  on("state", draw);
}

function draw() {
  const select = $("me");
  const options = model.people.map(({ name, role, open_id: id }) => new Option(role ? `${name} · ${role}` : name, id));
  select.replaceChildren(...options, new Option(t("newPerson"), NEW));
  select.value = model.me;
}

function newPerson() {
  const name = make("input");
  name.required = true;
  name.maxLength = 60;
  const role = make("input");
  role.maxLength = 60;
  const content = build("div", "fields", labelled(t("name"), name), labelled(t("role"), role));
  dialog(t("newPerson"), content, async () => {
    const person = await act("add_user", { user: undefined, name: name.value.trim(), role: role.value.trim() });
    if (person) actAs(person.user.open_id);
  });
}
