"""What of a Markdown text is certainly code, and the pictures in the rest of it. Pure.

Feishu's dialect is not documented to the letter: what counts as code, a mention or a picture there is asked of every
plausible way to read it, and only what all of them agree upon is certain.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

Span = tuple[int, int]

_LINE: Final = re.compile(r"[^\n]*(?:\n|$)")
_FENCE: Final = re.compile(r"^```[\w+#.-]*\n(?:(?!.*```).*\n)*```(?:\n|\Z)", re.MULTILINE)
"""Without spaces around it, which may keep Feishu from seeing it (流式更新文本)."""
_TICKS: Final = re.compile(r"`+")
_HARMLESS: Final = re.compile(
    r"<(font|text_tag|at|person|b|i|u|s)\b[^<>\0]*>[^<>\0]*</\1>"
    r"|(?<=\S)<(?:br|hr) ?/?>|<https?://[^<>\s\0]*>|<at\b"
    r"|(?<=\w)<(?!/|(?:font|text_tag|number_tag|person|link|audio|a|b|i|u|s)\b)[\w:., \[\]]*>"
)
"""What changes nothing about code: tags in pairs on one line or inside a line, ``List<int>``; ``<at`` is disarmed."""
_TAG: Final = re.compile(r"<[a-zA-Z/!?]")
_TARGET: Final = r"\((?:[^()\0]|\([^()\0]*\))*\)"
_LINK_END: Final = re.compile(r"\]" + _TARGET)
_LINK: Final = re.compile(r"!?\[[^\[\]]*\]" + _TARGET)
_BRACKET: Final = re.compile(r"\\[\[\]]|!?\[|\]")
_KEY: Final = re.compile(r"img_[\w-]+")
_DEFINITION: Final = re.compile(
    r"^(?:[ \t>]|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))*\[([^\]\n]+)\]:[ \t]*(?:\n[ \t>]*)?(?:<([^<>\n]*)>|([^\s<]\S*))?",
    re.MULTILINE,
)
"""``[name]: url``, also in quotes and lists."""
_TITLED: Final = re.compile(
    r"\(\s*(?:<([^<>\n]*)>|((?:[^\s()\\]|\\.|\([^\s()]*\))*))"
    r"(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?\s*\)"
)
_ODD: Final = re.compile(r"\(([^()]*(?:\([^()]*\)[^()]*)*)\)")
_MOST_PASSES: Final = 5
_UNSAFE: Final = {ord(char): f"%{ord(char):02X}" for char in ' \n\r\t()<>"\\`'}


class Picture(NamedTuple):
    """A picture that Feishu would refuse.

    Attributes:
        start: where it begins, at its exclamation mark.
        end: where it ends.
        alt: its alternative text, on one line.
        url: its target; None where no text can be made out as one.
        in_link: whether it is part of a link's text, as a badge is.
    """

    start: int
    end: int
    alt: str
    url: str | None
    in_link: bool

    def as_link(self) -> str:
        """What stands in for it: a link, or its words where a link makes no sense."""
        if self.in_link or self.url == "" or (self.url or "").startswith("data:"):
            return self.alt or "image"
        return f"[{self.alt or 'image'}]" + (f"({self.url.translate(_UNSAFE)})" if self.url else "")

    def with_key(self, keys: Mapping[str, str]) -> str:
        """The picture by its key, if these keys of uploaded ones, by URL, have it; else what stands in for it."""
        key = None if self.in_link else keys.get(self.url or "")
        return f"![{self.alt}]({key})" if key else self.as_link()


def code_spans(text: str, until: int | None = None) -> list[Span]:
    """Where a text is certainly code: fences of three backticks, and inline code, that are closed beyond doubt.

    From the first thing on that could be read in two ways (an unclosed or longer fence, one of tildes, a lone backtick,
    HTML), nothing is certain.

    Args:
        text: Markdown.
        until: code counts only if it ends here; by default at the end of the text.
    """
    until = len(text) if until is None else until
    spans: list[Span] = []
    at, brackets = 0, _Brackets()
    while at < len(text):
        if fence := _FENCE.match(text, at):
            if fence.end() > until:
                break
            at = fence.end()
            spans.append(fence.span())
            continue
        line = _LINE.match(text, at)
        assert line is not None
        if (inside := _inline_code(line[0], brackets)) is None:
            break
        found, brackets = inside
        spans += ((at + start, at + end) for start, end in found if at + end <= until)
        at = line.end()
    return spans


class _Brackets(NamedTuple):
    """The brackets up to a place: how many more open than close, and whether the last one opens."""

    balance: int = 0
    last_opens: bool = False

    def after(self, text: str) -> "_Brackets":
        """The same behind a text."""
        last = max(text.rfind("["), text.rfind("]"))
        opens = self.last_opens if last < 0 else text[last] == "["
        return _Brackets(self.balance + text.count("[") - text.count("]"), opens)


def _inline_code(line: str, brackets: _Brackets) -> tuple[list[Span], _Brackets] | None:
    """The inline code of a line, and the brackets up to its end; None when it can be read in two ways."""
    ticks = list(_TICKS.finditer(line))
    if len(ticks) % 2 or any(len(tick[0]) > 1 for tick in ticks) or "\\`" in line or line.lstrip().startswith("~~~"):
        return None
    spans = [(opens.start(), closes.end()) for opens, closes in zip(ticks[::2], ticks[1::2], strict=True)]
    certain: list[Span] = []
    for start, end in spans:
        content = line[start:end]
        before = brackets.after(masked(line[:start], [span for span in spans if span[1] <= start]))
        if "](" in _LINK.sub("", content) or ("]" in content and before.balance):
            return None
        if not before.last_opens:  # else it may be the text of a link, which some read before code
            certain.append((start, end))
    outer = masked(line, spans)
    if _TAG.search(_HARMLESS.sub("", _HARMLESS.sub("", outer))) or "](" in _LINK_END.sub("", outer):
        return None
    # A table's cells end at a pipe, inside of code as well.
    return ([] if any("|" in line[start:end] for start, end in spans) else certain), brackets.after(outer)


def masked(text: str, spans: Sequence[Span]) -> str:
    """A text of the same length with NUL in place of what lies in the spans."""
    for start, end in spans:
        text = text[:start] + "\0" * (end - start) + text[end:]
    return text


def foreign_pictures(text: str, code: Sequence[Span] | None = None) -> list[Picture]:
    """The pictures outside of code whose target is no key of an uploaded one, which Feishu would refuse, in order.

    Args:
        text: Markdown.
        code: where it is code; by default where it certainly is.
    """
    if "![" not in text:
        return []
    seen = masked(text, code_spans(text) if code is None else code)
    names = {_name(found[1]): found[2] or found[3] for found in reversed(list(_DEFINITION.finditer(seen)))}
    closes, links = _pairs(seen)
    found: list[Picture] = []
    read_to = 0
    for start in (match.start() for match in re.finditer(r"!\[", seen)):
        if start < read_to:
            continue
        # Some read up to the bracket that belongs to it, others up to the first one.
        for close in filter(None, (closes.get(start), seen.find("]", start) + 1)):
            if (picture := _picture(text, seen, (start, close), names)) is not None:
                read_to = picture.end
                if not _KEY.fullmatch(picture.url or ""):
                    in_link = any(begin < start and read_to <= end for begin, end in links)
                    found.append(picture._replace(in_link=in_link))
                break
    return found


def _pairs(seen: str) -> tuple[dict[int, int], list[Span]]:
    """Where the brackets of pictures close, by where they open, and the texts of links."""
    stack: list[re.Match[str]] = []
    closes: dict[int, int] = {}
    links: list[Span] = []
    for bracket in _BRACKET.finditer(seen):
        if bracket[0] in ("[", "!["):
            stack.append(bracket)
        elif bracket[0] == "]" and stack:
            opening = stack.pop()
            if opening[0] == "![":
                closes[opening.start()] = bracket.end()
            elif seen[bracket.end() : bracket.end() + 1] in ("(", "["):
                links.append((opening.start(), bracket.start()))
    return closes, links


def _picture(text: str, seen: str, brackets: Span, names: Mapping[str, str | None]) -> Picture | None:
    """The picture whose alternative text stands in these brackets, if a target follows or is known."""
    start, close = brackets
    words = text[start + 2 : close - 1]
    alt = " ".join(re.sub(r"!+\[", "[", words).split())
    if (target := _TITLED.match(seen, close) or _ODD.match(seen, close)) is not None:
        url = text[slice(*target.span(target.lastindex or 1))].strip()
        return Picture(start, target.end(), alt, url, False)
    label = re.compile(r"\[([^\[\]]*)\]").match(seen, close)
    name = _name(label[1] if label and label[1] else words)
    if name in names:
        return Picture(start, label.end() if label else close, alt, names[name], False)
    # A target that never ends, or not yet: some read it up to the end.
    return Picture(start, close, alt, None, False) if seen[close : close + 1] == "(" else None


def _name(label: str) -> str:
    return " ".join(label.split()).casefold()


def rewrite(
    text: str,
    picture: Callable[[Picture], str] = Picture.as_link,
    words: Callable[[str], str] = str,
    until: int | None = None,
) -> str:
    """Replace the foreign pictures of a text, and what else is outside of code; code stays as it is.

    Args:
        text: Markdown.
        picture: makes what stands in for a picture.
        words: changes a text outside of code.
        until: see :func:`code_spans`.
    """
    for _ in range(_MOST_PASSES):
        code = code_spans(text, until)
        found = foreign_pictures(text, code)
        if not found:
            break
        pieces: list[str] = []
        at = removed = 0
        for each in found:
            new = picture(each)
            # An exclamation mark before it would make a picture again, and a backslash would escape the link.
            gap = {"!": " ", "\\": "! "}.get(text[each.start - 1 : each.start], "") if new.startswith("[") else ""
            pieces += (text[at : each.start], gap, new)
            at = each.end
            removed += each.end - each.start - len(gap + new) if until is not None and each.end <= until else 0
        text = "".join(pieces) + text[at:]
        until = None if until is None else until - removed
    else:
        text = text.replace("![", "! [")
        code = code_spans(text, until)
    return "".join(_parts(text, code, words))


def _parts(text: str, code: Sequence[Span], words: Callable[[str], str]) -> Iterator[str]:
    at = 0
    for start, end in code:
        yield words(text[at:start])
        yield text[start:end]
        at = end
    yield words(text[at:])


def without_foreign_pictures(text: str) -> str:
    """Markdown with links in place of pictures that Feishu would refuse."""
    return rewrite(text) if "![" in text else text
