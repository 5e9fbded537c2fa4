"""The doctor's findings in words, for the terminal and for the log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..api import ApiClient
from ..config import BotConfig
from ..exception import ActionFailed, NetworkError
from ..log import log
from .checks import Finding, Level, examine
from .clients import ADVICE, count_clients

_MARKS = {Level.OK: "ok  ", Level.UNKNOWN: "?   ", Level.WARNING: "WARN", Level.PROBLEM: "FAIL"}
_LOOK = (
    "If somebody has written to it, look at 事件与回调 (Events & Callbacks): 使用长连接接收事件 (receive events "
    "through a persistent connection) must be chosen, 接收消息 (im.message.receive_v1) added, and a version published."
)


def to_text(findings: Iterable[Finding]) -> str:
    """One block of lines per finding: mark and text, then advice and link."""
    lines: list[str] = []
    for finding in findings:
        lines.append(f"  {_MARKS[finding.level]} {finding.text}")
        lines += [f"       {more}" for more in (finding.advice, finding.link) if more]
    return "\n".join(lines)


async def explain_silence(bot: BotConfig) -> None:
    """Log why a connected bot may hear nothing: what a person must look at, and what the doctor finds."""
    findings = await examine(bot, own_connections=1)
    bad = [finding for finding in findings if finding.level in (Level.WARNING, Level.PROBLEM)]
    found = f"\nThe doctor found:\n{to_text(bad)}" if bad else " The doctor found nothing wrong that it can see."
    log("WARNING", "Bot {} is connected and has received no event yet. {}{}", bot.app_id, _LOOK, found)


async def warn_of_other_clients(client: ApiClient, bot_id: str) -> None:
    """Log that somebody else holds a long connection of the same app, if Feishu says so."""
    try:
        others = await count_clients(client)
    except (ActionFailed, NetworkError) as error:
        log("DEBUG", "Bot {}: Feishu does not tell how many clients are online: {}", bot_id, error)
        return
    if others is not None and others > 1:
        log("WARNING", "Bot {}: {} other long connection(s) of this app are online. {}", bot_id, others - 1, ADVICE)


def worst(findings: Sequence[Finding]) -> Level:
    """The worst level among findings."""
    order = list(Level)
    return max((finding.level for finding in findings), key=order.index, default=Level.OK)
