// The Markdown of cards: code blocks, tables, headings, bold, code, links, mentions.

import { link, make } from "./dom.js";

const BLOCK = /^([ \t]*```[^\n]*\n(?:[^]*?\n)??[ \t]*```[ \t]*(?:\n|$)|(?:\|[^\n]*(?:\n|$)){2,})/m;
const CODE_BLOCK = /^[ \t]*```[^\n]*\n([^]*?)\n?[ \t]*```\s*$/;
const SPAN = /(\*\*[^*\n]+\*\*|`[^`\n]+`|!?\[[^\]\n]*\]\([^)\s]*\))/;
const LINK = /^(!?)\[([^\]]*)\]\(([^)]*)\)$/;
const RULE = /^\s*:?-+:?\s*$/;

/** Append a text to a box, block by block. */
export function markdown(box, text) {
  for (const part of String(text ?? "").split(BLOCK)) {
    const code = CODE_BLOCK.exec(part);
    const rows = tableRows(part);
    if (code) box.append(make("pre", "", code[1]));
    else if (rows) box.append(table(rows));
    else if (part) spans(box, part);
  }
  return box;
}

/** The cells of a table's rows without the rule below its head; null if this is no table. */
function tableRows(part) {
  if (part[0] !== "|") return null;
  const rows = part.trim().split("\n").map(row => row.trim().replace(/^\||\|$/g, "").split("|"));
  return rows[1]?.every(cell => RULE.test(cell)) ? [rows[0], ...rows.slice(2)] : null;
}

function table(rows) {
  const grid = make("table");
  rows.forEach((cells, number) => {
    const row = make("tr");
    for (const cell of cells) row.append(spans(make(number ? "td" : "th"), cell.trim()));
    grid.append(row);
  });
  return grid;
}

/** Append a text to a box with its bold parts, code and links. */
function spans(box, text) {
  for (const part of plain(text).split(SPAN)) {
    const found = LINK.exec(part);
    if (found && found[1]) box.append(`[${found[2] || "image"}]`);
    else if (found) box.append(link(found[2], found[3]));
    else if (/^\*\*.+\*\*$/.test(part)) box.append(make("b", "", part.slice(2, -2)));
    else if (/^`.+`$/.test(part)) box.append(make("code", "", part.slice(1, -1)));
    else box.append(part);
  }
  return box;
}

/** Feishu's tags as text, and headings as bold lines. */
function plain(text) {
  return String(text ?? "")
    .replace(/<at [^>]*id=["']?([\w-]+)["']?[^>]*>.*?<\/at>/g, "@$1")
    .replace(/<br\s*\/?>/g, "\n")
    .replace(/<\/?(font|text_tag|a|link|number_tag)\b[^>]*>/g, "")
    .replace(/^#{1,6} (.*)$/gm, "**$1**");
}
