// Requests to the management routes, with the token that is kept in this tab.

import { learnServerTime } from "./time.js";
import { t } from "./words.js";

const KEY = "feishu-management-token";
const BASE = location.pathname.replace(/\/?$/, "/");

export const token = {
  get: () => sessionStorage.getItem(KEY),
  set: value => sessionStorage.setItem(KEY, value),
  forget: () => sessionStorage.removeItem(KEY),
};

/** The token is not accepted; the message is for the person who typed it. */
export class Refused extends Error {}

/** Ask a route, and return its JSON. */
export async function ask(path, method = "GET") {
  const headers = { Authorization: `Bearer ${token.get()}` };
  const response = await fetch(BASE + path, { method, headers, cache: "no-store" });
  learnServerTime(response);
  if (response.status === 401) throw new Refused(t.wrong);
  if (response.status === 429) throw new Refused(t.slow);
  return response.json();
}
