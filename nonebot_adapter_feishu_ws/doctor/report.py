"""The doctor's findings as text, for the terminal and for the log."""

from collections.abc import Iterable

from ..api import ApiClient
from ..config import BotConfig
from ..exception import ActionFailed, NetworkError
from ..logs import log
from .checks import OTHER_CLIENTS_ADVICE, Finding, Level, count_clients, examine

_MARKS = {Level.OK: "ok  ", Level.UNKNOWN: "?   ", Level.WARNING: "WARN", Level.PROBLEM: "FAIL"}
_LOOK = (
    "If somebody has written to it, check 事件与回调 (Events & Callbacks): 使用长连接接收事件 (receive events "
    "through a persistent connection) must be chosen, 接收消息 (im.message.receive_v1) added, and a version published."
)


def to_text(findings: Iterable[Finding]) -> str:
    """Format the findings, one block of lines each: mark and text, then advice and link."""
    lines: list[str] = []
    for finding in findings:
        lines.append(f"  {_MARKS[finding.level]} {finding.text}")
        lines += [f"       {more}" for more in (finding.advice, finding.link) if more]
    return "\n".join(lines)


async def explain_silence(bot: BotConfig) -> None:
    """Log why a connected bot may receive nothing: what a person must check, and what the doctor finds."""
    findings = await examine(bot, own_connections=1)
    bad = [finding for finding in findings if finding.level in (Level.WARNING, Level.PROBLEM)]
    found = f"\nThe doctor found:\n{to_text(bad)}" if bad else " The doctor found nothing wrong."
    log("WARNING", "Bot {bot} is connected and has received no event yet. {}{}", _LOOK, found, bot=bot.app_id)


async def warn_of_other_clients(client: ApiClient, bot_id: str) -> None:
    """Log that another client holds a long connection of the same app, if Feishu says so."""
    try:
        count = await count_clients(client)
    except (ActionFailed, NetworkError) as error:
        log("DEBUG", "Bot {bot}: Feishu does not say how many clients are online: {}", error, bot=bot_id)
        return
    if count is not None and count > 1:
        text = "Bot {bot}: {} other long connection(s) of this app are online. {}"
        log("WARNING", text, count - 1, OTHER_CLIENTS_ADVICE, bot=bot_id)
