// The store: whether it works, and what that means for the events.

import { linesBox, make } from "./dom.js";
import { clock, since } from "./time.js";
import { t } from "./words.js";

export function storeLine(store) {
  const name = make("span", { className: "dim", textContent: [store.name, change(store)].filter(Boolean).join(" · ") });
  const state = make("span", { className: "state", textContent: `● ${store.ok ? t.storeWorks : t.storeDown}` });
  const top = make("div", { className: "top" }, make("div", {}, t.store, " ", name), state);
  return make("div", { className: `store ${store.ok ? "connected" : "error"}` }, top, linesBox(consequences(store)));
}

/** When it failed or came back. */
function change(store) {
  if (!store.since) return null;
  return store.ok ? `${t.storeBack} ${clock(store.since)}` : `${t.storeFor} ${since(store.since)}`;
}

function consequences(store) {
  const lines = [];
  if (!store.ok) {
    lines.push(make("div", {}, make("b", { textContent: store.error || t.storeHidden })));
    lines.push(make("div", { textContent: t.storeMeans }));
  }
  if (store.name === "memory://") lines.push(make("div", { textContent: t.forgets }));
  return lines;
}
