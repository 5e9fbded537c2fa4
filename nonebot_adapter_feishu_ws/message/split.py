"""Long text -> parts that fit. Pure.

Limits are in bytes of the request's body, in which the content is a JSON string inside a JSON string: there a
character takes between one byte and seven.
"""

import re
from collections.abc import Iterator
from typing import Final

from pydantic_core import to_json

TEXT_LIMIT: Final = 150 * 1024
"""Bytes of a ``text`` (发送消息)."""
RICH_LIMIT: Final = 30 * 1024
"""Bytes of a ``post`` or a card (发送消息)."""
RESERVE: Final = 512
"""Bytes of a request's body beside the content: ids, type, uuid."""

_WIDEST: Final = 4
"""Bytes that a character of JSON takes in a request's body, at most: a quote takes two, an emoji four."""
_WORST: Final = 7
"""Bytes that a character of text takes there, at most: a control character takes seven."""
_WHOLE: Final = re.compile(
    r"<at\b[^>\n]{0,200}>[^<\n]{0,200}</at>"
    r"|!?\[[^\[\]\n]{0,2000}\]\([^()\s]{1,2000}\)"
    r"|https?://[^\s<>\"']{1,2000}"
)
"""Not to be cut: a mention, a Markdown link or image, a URL."""
_LONGEST: Final = 4100
_LONGEST_CLUSTER: Final = 512
_FLAG_LETTERS: Final = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_DELIMITER: Final = re.compile(r"[ \t>]*\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_FENCE: Final = re.compile(r"([ \t]*)(`{3,}|~{3,})([^\n]*)")


def whole(text: str) -> str:
    """Join surrogate pairs to characters, and replace lone surrogates."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def cost(text: str) -> int:
    """Bytes that a text takes in a request's body, inside the content."""
    return size(to_json(whole(text)).decode()[1:-1])


def size(content: str) -> int:
    """Bytes that a content (JSON already) takes in a request's body."""
    return len(to_json(content)) - 2


def is_small(content: str, limit: int) -> bool:
    """Whether a content (JSON already) fits into a request of so many bytes."""
    return len(content) * _WIDEST + RESERVE <= limit or size(content) + RESERVE <= limit


def fits(text: str, budget: int) -> bool:
    """Whether a text costs at most so many bytes."""
    return len(text) * _WORST <= budget or (len(text) <= budget and cost(text) <= budget)


def cut(text: str, budget: int) -> int:
    """Where the first part of a text that is beyond the budget ends; 0 when not even one character fits.

    Prefers the end of a line, then a space, when one is near; else fills the part up. A grapheme cluster, a mention, a
    link and a URL stay whole, unless one alone is beyond the budget.
    """
    end = _affordable(text, budget)
    if end == 0:
        return 0
    spans = [match.span() for match in _WHOLE.finditer(text, 0, min(len(text), end + _LONGEST))]
    end = next((start for start, stop in spans if 0 < start < end < stop), end)
    for mark in ("\n", " "):
        found = text.rfind(mark, end - end // 8, end) + 1
        if found and _is_boundary(text, found) and not any(start < found < stop for start, stop in spans):
            return found
    return _boundary(text, end)


def _affordable(text: str, budget: int) -> int:
    low, high = 0, min(len(text), max(budget, 0))
    while low < high:
        middle = (low + high + 1) // 2
        if cost(text[:middle]) <= budget:
            low = middle
        else:
            high = middle - 1
    return low


def _boundary(text: str, end: int) -> int:
    # Few messages are so long: only they load the tables of clusters.
    from grapheme import safe_split_index

    # Looks only at what is near: a message of nothing but accents would block the loop for seconds.
    base = max(0, end - _LONGEST_CLUSTER)
    if text[base] in _FLAG_LETTERS:
        # Flags are pairs, counted from the first.
        base += (base - len(text[:base].rstrip(_FLAG_LETTERS))) % 2
    # A cluster beyond that, or beyond the budget, has to be cut somewhere.
    return base + (safe_split_index(text[base : end + 8], end - base) or end - base)


def _is_boundary(text: str, index: int) -> bool:
    return index >= len(text) or text[index].isascii() or _boundary(text, index) == index


def split_text(text: str, first: int, rest: int) -> Iterator[str]:
    """Cut a text into parts that add up to it: ``first`` bytes (empty when nothing fits), then ``rest`` bytes each.

    Raises:
        ValueError: a budget has no room for a single character.
    """
    budget = first
    while not fits(text, budget):
        end = cut(text, budget)
        if not end and budget == rest:
            raise ValueError(f"no character fits into {rest} bytes")
        yield text[:end]
        text = text[end:]
        budget = rest
    yield text


def split_markdown(text: str, first: int, rest: int) -> Iterator[str]:
    """Cut Markdown as :func:`split_text` does, at the ends of lines.

    A fence that is cut is closed and reopened, and a table repeats its header.
    """
    if fits(text, first):
        yield text
        return
    part, budget, table = _MarkdownPart(""), first, ""
    for line in _rows(_LINE.findall(text)):
        after = fence_after(line, part.fence)
        table = "" if part.fence or after else _table_after(line, table)
        while not part.takes(line, after, budget):
            if part.is_new and budget == rest:
                # The line is too long for a part of its own.
                end = cut(line, rest - part.used - cost(_closing(part.fence)))
                if not end:
                    raise ValueError(f"no character fits into {rest} bytes")
                part.add(line[:end], part.fence)
                line = line[end:]
            yield part.closed()
            # A header that would fill the part is not worth repeating.
            repeated = table if not line.startswith(table) and cost(table) <= rest // 4 else ""
            part, budget = _MarkdownPart(part.fence, repeated), rest
        part.add(line, after)
    yield "".join(part.lines)


def is_delimiter(line: str, header: str) -> bool:
    """Whether a line makes a table of the line before it."""
    return "|" in line and "|" in header and line.count(">") <= header.count(">") and bool(_DELIMITER.match(line))


def _rows(lines: list[str]) -> Iterator[str]:
    """Lines, with the header of each table and the two lines that follow it as one."""
    at, fence = 0, ""
    while at < len(lines):
        fence = fence_after(lines[at], fence)
        is_header = not fence and at + 1 < len(lines) and is_delimiter(lines[at + 1].rstrip("\r\n"), lines[at])
        end = at + 3 if is_header and at + 2 < len(lines) and "|" in lines[at + 2] else at + 1 + is_header
        yield "".join(lines[at:end])
        at = end


def _table_after(line: str, table: str) -> str:
    """Header and delimiter of the table that is open after a line (or a header with its rows), else empty."""
    header, _, rest = line.partition("\n")
    delimiter = rest.partition("\n")[0].rstrip("\r")
    if delimiter and is_delimiter(delimiter, header):
        return f"{header}\n{delimiter}\n"
    return table if "|" in line else ""


class _MarkdownPart:
    """Builds one part of Markdown; ``fence`` is the opening line of the code fence that is open, or empty."""

    def __init__(self, fence: str, table: str = "") -> None:
        self.fence = fence
        self.lines = [fence + "\n"] if fence else [table] if table else []
        self._repeated = len(self.lines)
        self.used = sum(map(cost, self.lines))
        self._opened_at = 0 if fence else -1

    @property
    def is_new(self) -> bool:
        return len(self.lines) <= self._repeated

    def takes(self, line: str, after: str, budget: int) -> bool:
        return self.used + cost(line) + cost(_closing(after)) <= budget

    def add(self, line: str, after: str) -> None:
        self.lines.append(line)
        self.used += cost(line)
        if after and not self.fence:
            self._opened_at = len(self.lines) - 1
        self.fence = after

    def closed(self) -> str:
        if not self.fence:
            return "".join(self.lines)
        if self._opened_at == len(self.lines) - 1:
            # The fence is still empty: it begins in the next part.
            return "".join(self.lines[:-1])
        return "".join(self.lines).removesuffix("\n") + _closing(self.fence)


def _closing(fence: str) -> str:
    return "\n" + closing_line(fence) if fence else ""


def fence_after(line: str, fence: str) -> str:
    """The line that opened the code fence that is open after a line, else empty; ``fence`` is the one before it."""
    if fence:
        line, mark = line.strip(), closing_line(fence).strip()
        return "" if len(line) >= len(mark) and not line.strip(mark[0]) else fence
    match = _FENCE.match(line)
    # Backticks with more backticks behind them are inline code.
    return match[0] if match and not (match[2][0] == "`" and "`" in match[3]) else ""


def closing_line(fence: str) -> str:
    """The line that closes a fence, indented as the line that opened it; empty outside of fences."""
    match = _FENCE.match(fence)
    return match[1] + match[2] if match else ""
