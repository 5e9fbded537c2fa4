"""The faults that the adapter must survive, and what tests saw of each; printed into ``docs/reliability.md``.

A test that shows a row carries ``@pytest.mark.fault(row)`` and tells what it observed with the fixture ``saw``.
``scripts/fault_table.py`` runs these tests and writes the table.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

SEEN_FILE = "FAULTS_SEEN"
"""The environment variable that names the file for what was seen; without it nothing is written."""


@dataclass(frozen=True)
class Fault:
    """One row.

    Attributes:
        fault: what goes wrong.
        expected: what must become of it.
    """

    fault: str
    expected: str


@dataclass(frozen=True)
class Seen:
    """What one test saw of one row.

    Attributes:
        row: its number.
        text: what was observed in this run.
        test: the test's id without its parameters.
    """

    row: int
    text: str
    test: str


FAULTS: dict[int, Fault] = {
    1: Fault(
        "endpoint answers HTTP 500 or HTML, or times out, at the first start",
        "retried like any later failure; the state is `connecting`, attempts are counted",
    ),
    2: Fault("discovery code 1 or 1000040343", "retried with backoff"),
    3: Fault(
        "discovery code 403, 514 or 1000040344; wrong secret (10003, 10014)",
        "this bot is in `error` with advice that names the console page; no further attempt until connect or restart",
    ),
    4: Fault("code 1000040350: connection limit", "`error` with the cause (who else holds the app); slow probing"),
    5: Fault("code 1000040351: wrong domain", "`error`; the text names the other domain"),
    6: Fault("DNS failure, connection refused, TLS error, proxy refusal", "retried; the cause is given in words"),
    7: Fault("the handshake hangs", "given up after 15 s, retried"),
    8: Fault("the server closes cleanly", "reconnected after 1 s plus jitter"),
    9: Fault("TCP reset", "reconnected after 1 s plus jitter"),
    10: Fault(
        "half-open: the server is silent, the socket open",
        "detected within the ping interval and the pong window, closed, reconnected",
    ),
    11: Fault("pongs arrive late, but within the window", "stays `connected`"),
    12: Fault("the machine sleeps, or its clock jumps", "detected on waking, reconnected"),
    13: Fault("50 and 500 bots lose the server together", "reconnects are spread by jitter, no thundering herd"),
    14: Fault(
        "flapping: connects, drops after 1 s, and so on",
        "failed attempts count until the connection is stable; the status shows them",
    ),
    15: Fault("garbage bytes, an empty message, a text message", "logged once per kind; the connection is kept"),
    16: Fault(
        "a frame without `type` or `message_id`; `sum` or `seq` not a number; `seq` not below `sum`; `sum` 10^9",
        "ignored in bounded memory, acked where possible",
    ),
    17: Fault(
        "fragments out of order, duplicated, one lost",
        "joined; if one is lost, dropped after a time limit and left unacked, so that the event is pushed again",
    ),
    18: Fault(
        "a payload that is not JSON, not an object, or has no header",
        "acked with 500, so that it is pushed again; logged with its trace_id",
    ),
    19: Fault(
        "unknown event type, unknown and missing fields, wrong types",
        "dispatched (at worst as the base event), logged once per type",
    ),
    20: Fault("1 MB event, 10,000 mentions, depth 1,000", "bounded time and memory"),
    21: Fault(
        "the same event again: at once, after a restart, on another replica, by socket and webhook", "handled once"
    ),
    22: Fault("a handler raises", "logged by NoneBot; the event is done, the next ones run"),
    23: Fault("handlers that wait for a long time", "acks are not affected"),
    24: Fault("handlers that block the event loop", "acks and pings are not affected: p99 under 50 ms"),
    25: Fault(
        "a burst of 5,000 events, slow handlers",
        "all acked within 3 s, all handled; memory and the number of running handlers are bounded",
    ),
    26: Fault("100 commands registered, 200 events at once", "acked before they are handled: p99 under 100 ms"),
    27: Fault(
        "the process is killed at any moment", "pending events are handled after the restart; no answer is sent twice"
    ),
    28: Fault("SIGTERM under load", "drained within a time limit or left in the store; sockets closed"),
    29: Fault(
        "store: disk full, locked, damaged, read-only; Redis down, slow, restarted",
        "a clear status; events are handled from memory or left unacked; recovery by itself",
    ),
    30: Fault("token expired or revoked in the middle of 100 calls", "fetched once; all calls succeed"),
    31: Fault(
        "REST: 429, 99991400, 230020, 5xx, reset, time-out after the server acted",
        "retried within the deadline with the same uuid: delivered once",
    ),
    32: Fault(
        "webhook: wrong signature, old timestamp, the same request again, wrong token, plaintext although encryption "
        "is on, 100 MB body, slow body",
        "refused with 4xx in bounded memory, no event; a repeated request makes no second event; logged once per kind",
    ),
    33: Fault(
        "control route: no token, wrong token, another bot's token, guessing",
        "401, 404 or 429, after the same time whatever is wrong with the token",
    ),
    34: Fault("two adapters of the same name, two processes of one app", "one clear message each"),
    35: Fault(
        "card click: fast, slow, raising or no handler; blocked loop",
        "one response within 3 s; a late one by the delayed update",
    ),
    36: Fault(
        "SDK missing, too new, or with a changed wire format",
        "the bot runs without it, `get_lark` says what to do, the contract test names the change",
    ),
    37: Fault(
        "the name server changes while the bot runs (laptop, VPN, systemd-resolved), with `aiodns` installed",
        "connecting and sending recover without a restart",
    ),
    38: Fault(
        "the first address of a name hangs: it takes connections, and nothing answers",
        "the next attempt takes another address: connected within two attempts",
    ),
    39: Fault(
        "started twice on one SQLite file while handlers run (a mistyped start, a reloader)",
        "the second process takes nothing that a living one holds, and says that the file is in use",
    ),
    40: Fault(
        "the question is recalled, or the topic's root is gone, while the answer is being made",
        "the answer is sent once to the topic's root or the chat, or dropped by an option; streams too",
    ),
    41: Fault(
        "TLS inspected by a company's proxy; a certificate for another name; no CA file at all",
        "three texts with OpenSSL's reason and the cure; certifi where the machine has none; the SDK's transport alike",
    ),
    42: Fault("a plugin sends in `on_shutdown` or `on_bot_disconnect`", "delivered"),
    43: Fault(
        "a handler ends the process on purpose (a reboot command)",
        "handled once if the plugin says so (`bot.mark_handled`); else the bound of three stays",
    ),
    44: Fault("`asyncio.run(bot.send(...))` in a thread", "sent, or one sentence that says what to call"),
    45: Fault(
        "an event comes hours late",
        "with `FEISHU_MAX_EVENT_AGE` dropped and counted in the metrics; `event.time` is right in every unit",
    ),
    46: Fault(
        "messages of other bots, and of oneself",
        "own ones are dropped, others unless `FEISHU_BOT_MESSAGES` lets them in; two bots do not talk for ever",
    ),
    48: Fault("a burst of 5,000 with `memory://`", "nothing refused while memory allows"),
    49: Fault(
        "an unexpected error in a batch of the store, such as an event id that it cannot write",
        "the batch is undone and handled from memory or pushed again; no redelivery is acked while the first delivery "
        "has no outcome",
    ),
    50: Fault(
        "a restart with a backlog older than `FEISHU_REPLAY_WINDOW`, or after an outage longer than that; a clock that "
        "is ahead",
        "the window counts the outage: a backlog is handled, however old; what was begun is handled always; what "
        "waited through too long an outage becomes dead letters, with a log line",
    ),
    51: Fault(
        "the SQLite file is deleted, moved, replaced, truncated, or loses its `-wal` while it is used",
        "noticed within 5 s, with an ERROR; what it held is written to a new file, of a truncated one what runs; a "
        "kill after that loses nothing more",
    ),
    52: Fault(
        "Redis is full (`maxmemory`, noeviction)",
        "new events alone are refused; what was taken is fetched, handled and deleted, and makes room",
    ),
    53: Fault(
        "a primary behind a fixed address is demoted, and keeps its connections",
        "the connection is dropped and the address looked up anew: the store is back within seconds",
    ),
    54: Fault(
        "claims go before the entries that they belong to (8 hours, a volatile-* policy)",
        "entries are deleted by their own ids: none stays, none is handled again at each start",
    ),
    55: Fault(
        "Redis loses its data while it is used (FLUSHALL, eviction, a restart without a file)",
        "an ERROR within a heartbeat, with the last count; an eviction policy is told at the start and by the doctor",
    ),
    56: Fault(
        "an option in the URL of `FEISHU_STORE` that cannot be used",
        "the start ends with a line that names it; it neither hangs nor fails at each event",
    ),
    57: Fault(
        "hundreds of thousands of expired claims; more claims than are remembered",
        "few are deleted at a time, also when no event comes; that they last for less than Feishu's pushes is told",
    ),
    58: Fault(
        "a right that a script lacks; a WAL that grows under a long reader; a file of a newer version",
        "each is named, with what to do",
    ),
    59: Fault(
        "100,000 events wait in the store when the bot starts, all of one chat",
        "the start takes about as long and as much memory as with none; a message of another chat is handled at once",
    ),
    60: Fault(
        "SIGTERM or `kill -9` during a streamed answer",
        "the card is finished with a note, then or at the next start; the replayed event goes on with the same card",
    ),
}


def record(seen: Seen) -> None:
    """Add a line to the file that :data:`SEEN_FILE` names, if it names one."""
    if (path := os.environ.get(SEEN_FILE)) is not None:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps([seen.row, seen.text, seen.test]) + "\n")


def read_seen(path: Path) -> list[Seen]:
    """Everything that was recorded, in the order of the run."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [Seen(*json.loads(line)) for line in lines]


MEASURED: dict[int, Fault] = {
    47: Fault(
        "other processes keep both cores busy",
        "acks p99 under 50 ms; replies p50 at most as late as the existing adapter's",
    ),
}
"""Rows that ``benchmarks/compare.py --write`` fills in, since they compare with others on a machine of their own."""


def missing_rows(seen: list[Seen]) -> list[int]:
    """The rows of which nothing was seen."""
    return sorted(set(FAULTS) - {it.row for it in seen})


def to_table(seen: list[Seen], page: str = "") -> str:
    """The table in Markdown; what several tests saw stands in one cell, a line each, beside the tests' files.

    ``page`` has the table of before, from which the measured rows are kept.
    """
    lines = ["| # | fault | expected | seen | test |", "|---:|---|---|---|---|"]
    for row, fault in sorted((FAULTS | MEASURED).items()):
        if row in MEASURED:
            before = next((line for line in page.splitlines() if line.startswith(f"| {row} |")), "")
            measured = before.rsplit(" | ", 2)[1] if before else "not measured yet"
            lines.append(f"| {row} | {fault.fault} | {fault.expected} | {measured} | `benchmarks/compare.py` |")
            continue
        mine = [it for it in seen if it.row == row]
        texts = "<br>".join(dict.fromkeys(_cell(it.text) for it in mine))
        tests = "<br>".join(f"`{file}`" for file in dict.fromkeys(it.test.partition("::")[0] for it in mine))
        lines.append(f"| {row} | {_cell(fault.fault)} | {_cell(fault.expected)} | {texts} | {tests} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
