"""What the ledgers count: events that went out, handlers that began and ended, answers in the chats."""

import json
from collections import Counter
from pathlib import Path

from nonebot_adapter_feishu_ws.sandbox import Delivery, Message, Sandbox

PAGE = Path(__file__).parent.parent / "docs" / "reliability.md"
BEGAN, ENDED = "B", "E"


class Witness:
    """Notes what the sandbox pushes and what bots say in its chats, for longer than the sandbox keeps it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.deliveries: dict[str, Delivery] = {}
        """Event id -> its delivery."""
        self.answers: Counter[str] = Counter()
        """The text of each message of a bot -> how often it stands in a chat."""
        self.latest: Message | None = None
        self._push, self._add_message = sandbox.gateway.push, sandbox.world.add_message
        sandbox.gateway.push = self._note_push  # pyright: ignore[reportAttributeAccessIssue]
        sandbox.world.add_message = self._note_message  # pyright: ignore[reportAttributeAccessIssue]

    def _note_push(self, *args, **options) -> Delivery:
        delivery = self._push(*args, **options)
        self.deliveries[delivery.event_id] = delivery
        return delivery

    def _note_message(self, message: Message) -> Message:
        if message.sender_type == "app":
            self.answers[json.loads(message.content).get("text", "")] += 1
            self.latest = message
        return self._add_message(message)


def read_handled(path: Path) -> tuple[Counter[str], Counter[str]]:
    """How often the handler of each event began and ended, from a file with lines such as ``B name``."""
    counts: dict[str, Counter[str]] = {BEGAN: Counter(), ENDED: Counter()}
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        what, _, name = line.partition(" ")
        counts[what][name] += 1
    return counts[BEGAN], counts[ENDED]


def read_section(name: str, page: Path = PAGE) -> str:
    """The text between its markers in a page."""
    return page.read_text("utf-8").partition(f"<!-- {name}: begin -->\n")[2].partition(f"<!-- {name}: end -->")[0]


def write_section(name: str, text: str, page: Path = PAGE) -> None:
    """Put a text between its markers in a page, docs/reliability.md unless another one is named."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, _, rest = page.read_text("utf-8").partition(begin)
    page.write_text(before + begin + text + end + rest.partition(end)[2], "utf-8")
