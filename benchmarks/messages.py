"""Parsing and rendering beside the existing adapter: ``python benchmarks/messages.py [--write]``.

Both read the same contents and send the same messages, in alternating rounds. Prints messages per second (medians over
the rounds) and ratios; ``--write`` puts the table into docs/performance.md.
"""

import argparse
import copy
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from nonebot.adapters.feishu.message import Message as ExistingMessage
from nonebot.adapters.feishu.message import MessageSegment as Existing
from nonebot.adapters.feishu.models import Mention as ExistingMention

from nonebot_adapter_feishu_ws import Message
from nonebot_adapter_feishu_ws import MessageSegment as Ours
from nonebot_adapter_feishu_ws.event.message import Mention
from nonebot_adapter_feishu_ws.message import parse, render

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- messages: begin -->", "<!-- messages: end -->"
Work = Callable[[], Any]


def people(count: int) -> list[dict[str, Any]]:
    return [
        {
            "key": f"@_user_{number}",
            "id": {"open_id": f"ou_{number:032x}", "union_id": f"on_{number:032x}", "user_id": f"{number:08x}"},
            "name": f"Member {number}",
            "tenant_key": "736588c9260f175e",
        }
        for number in range(1, count + 1)
    ]


POST = {
    "title": "Release 2.4.1",
    "content": [
        [{"tag": "at", "user_id": "@_user_1", "user_name": "Bot"}, {"tag": "text", "text": " see ", "style": []}],
        [
            {"tag": "a", "href": "https://example.com/2.4.1", "text": "the notes"},
            {"tag": "emotion", "emoji_type": "OK"},
        ],
        [{"tag": "img", "image_key": "img_v3_02ab_7ea74629-9191-4176-998c-2e603c9c5e8g"}],
        [{"tag": "text", "text": "好" * 200}],
    ],
}
CONTENTS: dict[str, tuple[str, dict[str, Any], int]] = {
    "parse: a short text": ("text", {"text": "/weather Beijing"}, 0),
    "parse: an @ and a command": ("text", {"text": "@_user_1 /weather Beijing"}, 1),
    "parse: a text with 9 mentions": ("text", {"text": " ".join(f"@_user_{n} hi" for n in range(1, 10))}, 9),
    "parse: a text of 10 KB": ("text", {"text": "好 hello, " * 850}, 1),
    "parse: rich text": ("post", POST, 1),
    "parse: an image": ("image", {"image_key": "img_v3_02ab_7ea74629-9191-4176-998c-2e603c9c5e8g"}, 0),
    "parse: a file": (
        "file",
        {"file_key": "file_v3_00ab_0dcdd7d9-fib0-4432-a519-41d25aca542j", "file_name": "a.pdf"},
        0,
    ),
}


def messages(segments: Any, kind: Any) -> dict[str, Any]:
    image = segments.image("img_v3_02ab_7ea74629-9191-4176-998c-2e603c9c5e8g")
    at = segments.at(f"ou_{1:032x}")
    return {
        "render: a short text": kind(segments.text("It is sunny.")),
        "render: a text of 10 KB": kind(segments.text("好 hello, " * 850)),
        "render: an image": kind(image),
        "render: an @ and a text": kind([at, segments.text(" it is sunny.")]),
        "render: a text and an image": kind([segments.text("look"), image]),
        "render: a card": kind(
            segments.interactive({"title": {"tag": "plain_text", "content": "x"}}, {}, [{"tag": "hr"}])
        ),
    }


def works() -> dict[str, tuple[Callable[[int], Work], Callable[[int], Work]]]:
    """For each row: what makes a round's work, ours and theirs, outside of the measured time."""
    found: dict[str, tuple[Callable[[int], Work], Callable[[int], Work]]] = {}
    for title, (message_type, fields, count) in CONTENTS.items():
        content = json.dumps(fields, ensure_ascii=False)
        ours = [Mention.model_validate(person) for person in people(count)]
        theirs = [ExistingMention.model_validate(person) for person in people(count)]

        def parse_ours(number: int, kind: str = message_type, text: str = content, who: Any = ours) -> Work:
            return lambda: [parse(kind, text, who) for _ in range(number)]

        def parse_theirs(number: int, kind: str = message_type, text: str = content, who: Any = theirs) -> Work:
            return lambda: [ExistingMessage.deserialize(text, who, kind) for _ in range(number)]

        found[title] = (parse_ours, parse_theirs)
    mine, existing = messages(Ours, Message), messages(Existing, ExistingMessage)
    for title in mine:

        def render_ours(number: int, message: Any = mine[title]) -> Work:
            return lambda: [render(message) for _ in range(number)]

        def render_theirs(number: int, message: Any = existing[title]) -> Work:
            # It changes what it sends, so each time needs a message of its own.
            fresh = [copy.deepcopy(message) for _ in range(number)]
            return lambda: [one.serialize() for one in fresh]

        found[title] = (render_ours, render_theirs)
    return found


def rate(make: Callable[[int], Work], number: int) -> float:
    work = make(number)
    started = time.perf_counter()
    work()
    return number / (time.perf_counter() - started)


def table(options: argparse.Namespace) -> str:
    rows = works()
    rounds: dict[str, tuple[list[float], list[float]]] = {title: ([], []) for title in rows}
    for _ in range(options.rounds):
        for title, (ours, theirs) in rows.items():
            number = options.number // 10 if "10 KB" in title else options.number
            rounds[title][0].append(rate(ours, number))
            rounds[title][1].append(rate(theirs, number))
    lines = ["| messages per second | ours | existing | ours / existing |", "|---|---:|---:|---:|"]
    for title, results in rounds.items():
        mine, existing = map(statistics.median, results)
        lines.append(f"| {title} | {mine:,.0f} | {existing:,.0f} | {mine / existing:.2f} |")
    machine = f"{platform.system()}, {psutil.cpu_count()} cores, Python {platform.python_version()}"
    return "\n".join(
        [*lines, "", f"Medians of {options.rounds} alternating rounds of {options.number:,} messages. {machine}."]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--number", type=int, default=5000, help="messages per round and row")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args()
    text = table(options)
    print(text)
    if options.write:
        page = PAGE.read_text("utf-8")
        head, _, rest = page.partition(BEGIN)
        PAGE.write_text(f"{head}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}", "utf-8")


if __name__ == "__main__":
    main()
