"""What a bot says of its work on an event: which matchers ran, what they raised, what was refused, why it is silent."""

from dataclasses import asdict, dataclass, field
from typing import Any

from ..net.bounded_json import as_list, as_object

WORDS: dict[str, str] = {
    "no_matcher": "no matcher matched",
    "not_to_me": "the bot was not mentioned in this group, and matchers with to_me() see only what is addressed to it",
    "command_start": "the text is a command without one of the COMMAND_START in front",
    "not_started": "no matcher has started yet: a preprocessor ignored the event, or rules are still being checked",
    "raised": "a matcher raised an exception",
    "refused": "Feishu refused an answer",
    "no_answer": "matchers ran and ended without sending anything",
}


@dataclass(slots=True)
class Ran:
    """One matcher that ran: where it is, how long it took, what it raised, how much it sent."""

    matcher: str
    seconds: float = 0.0
    sent: int = 0
    traceback: str = ""
    refused: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class Report:
    """An event in a bot's process. ``silence`` says why nothing was sent; empty when something was."""

    app_id: str
    event_id: str
    pid: int
    ran: list[Ran] = field(default_factory=list[Ran])
    silence: list[str] = field(default_factory=list[str])

    def shown(self) -> dict[str, Any]:
        """As JSON, with the silence in words."""
        return {**asdict(self), "words": [WORDS.get(each, each) for each in self.silence]}


def read_report(given: dict[str, Any]) -> Report:
    """A report that came as JSON; raises ``ValueError`` if it is none."""
    try:
        report = Report(str(given["app_id"]), str(given["event_id"]), int(given["pid"]))
        report.ran = [Ran(**as_object(each)) for each in as_list(given.get("ran"))[:100]]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"this is no report: {error}") from None
    report.silence = [str(each) for each in as_list(given.get("silence"))[:10]]
    return report
