"""How a stream's card looks, and what changes from one look to the next. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from .board import MAX_THOUGHTS, MAX_TOOLS, Board, Tool, seconds_of
from .markdown import closing
from .sanitize import sanitize

Element = dict[str, Any]
ANSWER: Final = "answer"
THOUGHTS: Final = "thoughts"
NOTE: Final = "note"
STATUS: Final = "status"
STOP_BUTTON: Final = "stop"
_PANEL: Final = "thinking"
_TOOLS: Final = "tools"
_FOOTER: Final = "footer"
_ICONS: Final = {"running": "⏳", "done": "✅", "failed": "❌"}
EXTRAS: Final = 10 * 1024
"""Bytes that reasoning, tool calls and footer take at most: so much is kept free for them once there are any."""


def render(board: Board, text: str, *, writing: bool, final: bool = False) -> list[Element]:
    """The elements of a card.

    Args:
        board: what stands around the text.
        text: Markdown that is safe to show.
        writing: it is still being written: it has the status, the footer and the stop button.
        final: it is finished and the last one, which has the footer.
    """
    elements: list[Element] = []
    if board.thoughts:
        elements.append(_panel(board))
    if lines := tool_lines(board, ended=not (writing or final)):
        elements.append({"tag": "markdown", "content": "\n".join(lines), "element_id": _TOOLS})
    if text.strip():
        elements.append({"tag": "markdown", "content": text, "element_id": ANSWER})
    if writing and board.status:
        elements.append(_small(f"⏳ {plain(board.status)}", STATUS))
    if (writing or final) and board.footer:
        elements.append(_small(plain(board.footer), _FOOTER))
    if writing and board.stop is not None:
        elements.append(_button(*board.stop))
    if not elements:
        elements.append({"tag": "markdown", "content": nothing(board, writing), "element_id": ANSWER})
    return elements


def nothing(board: Board, writing: bool) -> str:
    """What stands for a text without a word."""
    return "…" if writing else board.words.nothing


def tool_lines(board: Board, *, ended: bool = False) -> list[str]:
    """The tool calls, one line each; with ``ended`` only those that do not run any more."""
    tools = [tool for tool in board.tools if not ended or tool.state != "running"]
    shown = tools[-MAX_TOOLS:]
    more = len(tools) - len(shown)
    return [*([board.words.more_steps.format(more)] if more else []), *map(_line, shown)]


def _line(tool: Tool) -> str:
    args = tool.args.replace("`", "'")
    parts = [f"{_ICONS[tool.state]} **{plain(tool.name)}**" + (f" `{args}`" if args else "")]
    if tool.state != "running":
        parts.append(f"{seconds_of(tool.seconds)} s")
    return " · ".join([*parts, *([plain(tool.outcome)] if tool.outcome else [])])


def plain(text: str) -> str:
    """A text in one line that closes what it opens and mentions nobody."""
    line = " ".join(text.split())
    return sanitize(line + closing(line))


def _panel(board: Board) -> Element:
    words = board.words
    title = words.thinking if board.thought_for is None else words.thought.format(seconds_of(board.thought_for))
    return {
        "tag": "collapsible_panel",
        "element_id": _PANEL,
        "expanded": board.thought_for is None,
        "header": {"title": {"tag": "plain_text", "content": title}},
        "border": {"color": "grey", "corner_radius": "5px"},
        "padding": "8px",
        "elements": [
            {"tag": "markdown", "content": _end_of(board.thoughts), "element_id": THOUGHTS, "text_size": "notation"}
        ],
    }


def _end_of(thoughts: str) -> str:
    """The end of the reasoning, as valid Markdown."""
    if len(thoughts.encode()) > MAX_THOUGHTS:
        end = thoughts.encode()[-MAX_THOUGHTS:].decode("utf-8", "ignore")
        thoughts = f"…{end.partition(chr(10))[2] or end}"
    return sanitize(thoughts + closing(thoughts)).strip() or "…"


def _small(text: str, element_id: str) -> Element:
    content = f"<font color='grey'>{text}</font>"
    return {"tag": "markdown", "content": content, "element_id": element_id, "text_size": "notation"}


def _button(text: str, value: Mapping[str, Any]) -> Element:
    return {
        "tag": "button",
        "element_id": STOP_BUTTON,
        "text": {"tag": "plain_text", "content": text},
        "size": "small",
        "behaviors": [{"type": "callback", "value": dict(value)}],
    }


def texts(elements: Sequence[Element]) -> dict[str, str]:
    """The texts that are typed, by their ids: reasoning first, then the answer."""
    found: dict[str, str] = {}
    for element in elements:
        for part in [element, *element.get("elements", ())]:
            if part["element_id"] in (ANSWER, THOUGHTS):
                found[part["element_id"]] = part["content"]
    return found


def actions(old: Sequence[Element], new: Sequence[Element]) -> list[dict[str, Any]]:
    """What makes a card's elements into others, apart from texts that are typed (局部更新卡片实体)."""
    before = {element["element_id"]: element for element in old}
    found: list[dict[str, Any]] = []
    for index, element in enumerate(new):
        element_id = element["element_id"]
        if element_id not in before:
            following = (it["element_id"] for it in new[index + 1 :] if it["element_id"] in before)
            found.append(_action("add_elements", **_place(next(following, None)), elements=[element]))
        elif changes := _changes(_shell(before[element_id]), _shell(element)):
            found.append(_action("partial_update_element", element_id=element_id, partial_element=changes))
    ids = {element["element_id"] for element in new}
    if gone := [element_id for element_id in before if element_id not in ids]:
        found.append(_action("delete_elements", element_ids=gone))
    return found


def setting(config: Mapping[str, Any]) -> dict[str, Any]:
    """The action that changes a card's configuration."""
    return _action("partial_update_setting", settings={"config": dict(config)})


def note(text: str) -> dict[str, Any]:
    """The action that puts a note under everything."""
    element = {"tag": "markdown", "content": plain(text), "element_id": NOTE}
    return _action("add_elements", **_place(None), elements=[element])


def _action(name: str, **params: Any) -> dict[str, Any]:
    return {"action": name, "params": params}


def _place(before: str | None) -> dict[str, str]:
    return {"type": "append"} if before is None else {"type": "insert_before", "target_element_id": before}


def _shell(element: Element) -> Element:
    """An element without the text that is typed into it."""
    if element["element_id"] == ANSWER:
        return {**element, "content": ""}
    return {key: value for key, value in element.items() if key != "elements"}


def _changes(old: Element, new: Element) -> Element:
    return {key: value for key, value in new.items() if old.get(key) != value}
