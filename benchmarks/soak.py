"""Many bots in one process for a long time, with mixed traffic and random trouble: ``python benchmarks/soak.py``.

Prints what the process held over time and the ledger of its events; ``--write`` puts both into docs/reliability.md.
"""

import argparse
import asyncio
import json
import logging
import platform
import random
import shutil
import socket
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
from ledger import Witness, read_handled, write_section

from nonebot_adapter_feishu_ws.sandbox import Message, Sandbox

BOT = Path(__file__).parent / "candidates" / "soak_bot.py"
SENDS = "im/v1/messages"
KEY = "soak-encrypt-key"
ROWS = {
    "RSS, MB": "rss",
    "open descriptors": "files",
    "threads": "threads",
    "tasks, NoneBot's loop": "tasks",
    "tasks, network loop": "network tasks",
    "store file, MB": "store",
}
OTHER_EVENTS = ("contact.user.updated_v3", "im.message.message_read_v1", "calendar.calendar.changed_v4", "unknown.x_v9")
REST = 40.0
"""Seconds of rest after the traffic: idle HTTP connections are closed by then."""


class Traffic:
    """People who talk to bots, and what goes wrong meanwhile."""

    def __init__(self, sandbox: Sandbox, bots: list[str], seed: int) -> None:
        self.sandbox = sandbox
        self.bots = bots
        self.random = random.Random(seed)
        self.witness = Witness(sandbox)
        self.users = [sandbox.add_user(f"User {number}") for number in range(30)]
        self.private = {bot: [sandbox.p2p(user, bot) for user in self.users] for bot in bots}
        self.groups = {
            bot: [sandbox.add_chat(f"Group {number}", members=self.users, apps=[bot]) for number in range(5)]
            for bot in bots
        }
        self.expected: dict[str, str] = {}
        """Event id -> the answer that its message must get."""
        self.cards: list[Message] = []
        self.clicks: Counter[str] = Counter()
        self.troubles: Counter[str] = Counter()
        self._numbers = 0
        self._clicking: set[asyncio.Task[None]] = set()

    async def run(self, seconds: float, rate: float) -> None:
        trouble = asyncio.create_task(self._trouble())
        started = time.perf_counter()
        sent = 0
        while (now := time.perf_counter() - started) < seconds:
            # In waves, from half of the rate to one and a half.
            await asyncio.sleep(self.random.uniform(0.5, 1.5) / rate + max(0.0, sent / rate - now))
            await self._one()
            sent += 1
        trouble.cancel()
        await asyncio.gather(trouble, return_exceptions=True)
        if self._clicking:
            await asyncio.wait(self._clicking)

    async def _one(self) -> None:
        pick, bot = self.random.random(), self.random.choice(self.bots)
        user = self.random.choice(self.users)
        if pick < 0.45:
            await self._say(bot, user, self.random.choice(self.private[bot]), "hello")
        elif pick < 0.65:
            await self._say(bot, user, self.random.choice(self.groups[bot]), "hello, group", at=[bot])
        elif pick < 0.70:
            await self._say(bot, user, self.random.choice(self.private[bot]), "long-" * self.random.randint(400, 8000))
        elif pick < 0.75:
            await self._say(bot, user, self.random.choice(self.private[bot]), "card")
        elif pick < 0.82 and self.cards:
            task = asyncio.create_task(self._click(user))
            self._clicking.add(task)
            task.add_done_callback(self._clicking.discard)
        elif pick < 0.90:
            reaction = {"message_id": "om_1", "reaction_type": {"emoji_type": "OK"}, "operator_type": "user"}
            reaction["user_id"] = {"open_id": user.open_id}
            await self.sandbox.push(bot, "im.message.reaction.created_v1", reaction, transport=self._transport(bot))
        else:
            await self.sandbox.push(bot, self.random.choice(OTHER_EVENTS), {"object": {"open_id": user.open_id}})

    async def _say(self, bot: str, user: Any, chat: Any, text: str, **options: Any) -> None:
        self._numbers += 1
        before = len(self.witness.deliveries)
        await self.sandbox.say(user, chat, f"n{self._numbers} {text}", **options)
        [event_id] = list(self.witness.deliveries)[before:]
        self.expected[event_id] = f"n{self._numbers} {len(text)}"
        latest = self.witness.latest
        if latest is not None and latest.msg_type == "interactive" and latest not in self.cards[-1:]:
            self.cards = [*self.cards[-20:], latest]

    async def _click(self, user: Any) -> None:
        click = await self.sandbox.click(
            user, self.random.choice(self.cards), {"action": "approve"}, transport=self._transport("")
        )
        self.clicks["answered" if click.toast else click.error or "no answer"] += 1

    def _transport(self, bot: str) -> str:
        return "webhook" if self.random.random() < 0.2 else "auto"

    async def _trouble(self) -> None:
        faults = self.sandbox.faults
        faults.random = self.random.random
        reset = {"x-ogw-ratelimit-reset": "1"}
        faults.add(SENDS, times=-1, share=0.005, code=99991400, status=429, headers=reset)
        faults.add(SENDS, times=-1, share=0.01, drop="before")
        faults.add(SENDS, times=-1, share=0.01, drop="after")
        faults.add(SENDS, times=-1, share=0.01, status=502)
        faults.add(SENDS, times=-1, share=0.02, stall=1.5)
        faults.add("discovery", times=-1, share=0.3, status=500)
        hands = {
            "clean close": self.sandbox.disconnect,
            "reset": self.sandbox.drop,
            "silence": self.sandbox.half_open,
            "tokens revoked": self.sandbox.expire_tokens,
        }
        try:
            while True:
                await asyncio.sleep(self.random.uniform(4, 20))
                name = self.random.choice(list(hands))
                self.troubles[name] += 1
                done = hands[name](self.random.choice(self.bots))
                if done is not None:
                    await done
        finally:
            faults.clear()

    async def settle(self, handled: Path, seconds: float) -> None:
        """Wait until every message is answered and every event handled, or nothing more is to be hoped for."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            _, ended = read_handled(handled)
            if all(each in self.witness.answers for each in self.expected.values()) and all(
                event_id in ended for event_id, delivery in self.witness.deliveries.items() if delivery.done.is_set()
            ):
                return
            await asyncio.sleep(1)

    def ledger(self, handled: Path) -> dict[str, int]:
        _, ended = read_handled(handled)
        deliveries, answers = self.witness.deliveries, self.witness.answers
        # A click is pushed once: what a broken connection swallows, its user clicks again.
        clicks = {event_id for event_id, each in deliveries.items() if b'"card.action.trigger"' in each.payload[:600]}
        events = deliveries.keys() - clicks
        return {
            "events sent": len(events),
            "of these by webhook": sum(deliveries[each].transport == "webhook" for each in events),
            "acked": sum(deliveries[each].done.is_set() for each in events),
            "pushed more than once": sum(deliveries[each].attempts > 1 for each in events),
            "handled": sum(each in ended for each in events),
            "handled twice": sum(ended[each] > 1 for each in deliveries),
            "lost": sum(each not in ended for each in events),
            "answers expected": len(self.expected),
            "answers in the chats": sum(each in answers for each in self.expected.values()),
            "answers doubled": sum(answers[each] > 1 for each in self.expected.values()),
            "card clicks": sum(self.clicks.values()),
            "clicks answered": self.clicks["answered"],
        }


def quarters(samples: list[dict[str, float]], started: float, ended: float) -> list[list[dict[str, float]]]:
    span = (ended - started) / 4
    return [
        [each for each in samples if started + span * number <= each["at"] < started + span * (number + 1)]
        for number in range(4)
    ]


def table(samples: list[dict[str, float]], started: float, ended: float) -> str:
    parts = quarters(samples, started, ended)
    lines = [
        "| | before the traffic | 1st quarter | 2nd | 3rd | 4th | most | at rest again | 2nd to 4th quarter |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for title, key in ROWS.items():
        medians = [statistics.median(each[key] for each in part) for part in parts]
        first = [each[key] for each in samples if each["at"] < started][-1]
        values = [first, *medians, max(each[key] for each in samples), samples[-1][key]]
        digits = 1 if key in ("rss", "store") else 0
        cells = " | ".join(f"{value:,.{digits}f}" for value in values)
        lines.append(f"| {title} | {cells} | {(medians[3] / medians[1] - 1) * 100:+.1f} % |")
    return "\n".join(lines) + "\n"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def soak(options: argparse.Namespace, folder: Path) -> str:
    """One run; returns the text for the page."""
    names = [f"cli_soak{number:012d}" for number in range(options.bots)]
    # Pings every 10 s, so that a silent server is noticed within 20 s instead of within 130.
    sandbox = Sandbox(redelivery=(2.0,) * 200, ack_timeout=2.0, client_config={"PingInterval": 10})
    port = free_port()
    for name in names:
        sandbox.add_app(name, f"secret-of-{name}", encrypt_key=KEY)
        sandbox.world.apps[name].webhook_url = f"http://127.0.0.1:{port}/feishu/{name}"
    async with sandbox:
        bots = [
            {"app_id": name, "app_secret": f"secret-of-{name}", "encrypt_key": KEY, "domain": sandbox.url}
            for name in names
        ]
        handled, seen = folder / "handled", folder / "samples"
        traffic = Traffic(sandbox, names, options.seed)
        store = options.store or f"sqlite:///{folder / 'store.sqlite3'}"
        arguments = (str(BOT), json.dumps(bots), str(port), store, str(handled), str(seen))
        child = await asyncio.create_subprocess_exec(sys.executable, *arguments)
        try:
            for name in names:
                await sandbox.wait_connected(name, timeout=60)
            await asyncio.sleep(12)
            started = time.time()
            await traffic.run(options.minutes * 60, options.rate)
            ended = time.time()
            await traffic.settle(handled, 60)
            await asyncio.sleep(REST)
            cpu = sum(psutil.Process(child.pid).cpu_times()[:2])
        finally:
            if child.returncode is None:
                child.terminate()
            await child.wait()
        samples = [json.loads(line) for line in seen.read_text().splitlines()]
        ledger = traffic.ledger(handled)
    print(json.dumps({"clicks": traffic.clicks, "troubles": traffic.troubles, "cpu": cpu, "ledger": ledger}))
    machine = f"{platform.system()}, {psutil.cpu_count()} cores, Python {platform.python_version()}"
    troubles = ", ".join(f"{count} × {name}" for name, count in sorted(traffic.troubles.items()))
    how = (
        f"{options.bots} bots in one process, {options.minutes:g} minutes, {options.rate:g} events a second, seed "
        f"{options.seed}; to a bot at random: {troubles}; 0.5 % of the sends refused with 429, 1 % reset before and "
        f"1 % after the server acted, 1 % HTTP 502, 2 % 1.5 s late; 30 % of the discoveries HTTP 500. {machine}.\n"
    )
    heads, counts = " | ".join(ledger), " | ".join(f"{count:,}" for count in ledger.values())
    return f"{how}\n{table(samples, started, ended)}\n| {heads} |\n|{'---:|' * len(ledger)}\n| {counts} |\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--bots", type=int, default=8)
    parser.add_argument("--rate", type=float, default=30, help="events per second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", help="a URL for FEISHU_STORE; a new SQLite file by default")
    parser.add_argument("--write", action="store_true", help="put the result into docs/reliability.md")
    parser.add_argument("--keep", type=Path, help="a folder for the samples and the store")
    options = parser.parse_args()
    logging.getLogger("aiohttp.server").disabled = True  # connections that the faults cut
    folder = options.keep or Path(tempfile.mkdtemp(prefix="soak-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        text = asyncio.run(soak(options, folder))
    finally:
        if options.keep is None:
            shutil.rmtree(folder)
    print(text)
    if options.write:
        write_section("soak", text)


if __name__ == "__main__":
    main()
