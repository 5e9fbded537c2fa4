"""Sends under Feishu's limits and under faults, ours beside the existing adapter: ``python benchmarks/limits.py``.

Writes the table into docs/reliability.md.
"""

import asyncio
import json
import logging
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from nonebot_adapter_feishu_ws.sandbox import Sandbox
from nonebot_adapter_feishu_ws.sandbox.rest.call import Limit

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "reliability.md"
BEGIN, END = "<!-- sending: begin -->\n", "<!-- sending: end -->"
APP, SECRET = "cli_a0b1c2d3e4f56789", "benchmark-secret"
COUNT = 500
SENDS = "im/v1/messages"
HEAD = (
    "| trouble | adapter | sent | delivered | lost | doubled | chats out of order | errors raised | seconds |\n"
    "|---|---|---|---|---|---|---|---|---|\n"
)


def chat_limit(sandbox: Sandbox) -> None:
    sandbox.limits.per_chat = Limit(5, 1.0)


def app_limit(sandbox: Sandbox) -> None:
    sandbox.limits.per_api = Limit(50, 1.0)


def faults(sandbox: Sandbox) -> None:
    sandbox.faults.random = random.Random(5).random
    reset = {"x-ogw-ratelimit-reset": "1"}
    sandbox.faults.add(SENDS, times=-1, share=0.01, code=99991400, status=429, headers=reset)
    sandbox.faults.add(SENDS, times=-1, share=0.01, drop="before")
    sandbox.faults.add(SENDS, times=-1, share=0.02, drop="after")
    sandbox.faults.add(SENDS, times=-1, share=0.02, status=502)


TROUBLE = {
    "5 messages per second and chat, 10 chats": (chat_limit, 10),
    "50 calls per second and app, 50 chats": (app_limit, 50),
    "1 % refused for rate, 1 % reset before and 2 % after the server acted, 2 % HTTP 502": (faults, 50),
}


async def run(adapter: str, name: str) -> str:
    """One row of the table."""
    trouble, count = TROUBLE[name]
    async with Sandbox() as sandbox:
        sandbox.add_app(APP, SECRET)
        user = sandbox.add_user("Li Lei")
        chats = [sandbox.add_chat(str(number), members=[user], apps=[APP]).chat_id for number in range(count)]
        trouble(sandbox)
        script = str(HERE / "candidates" / "sender.py")
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            script,
            adapter,
            sandbox.url,
            APP,
            SECRET,
            str(COUNT),
            *chats,
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await asyncio.wait_for(worker.communicate(), 180)
        return f"| {name} | {adapter} | {row(sandbox, chats, json.loads(out.splitlines()[-1]))}\n"


def row(sandbox: Sandbox, chats: list[str], seen: dict[str, Any]) -> str:
    arrived = {chat: [json.loads(message.content)["text"] for message in sandbox.world.history(chat)] for chat in chats}
    delivered = Counter(text for texts in arrived.values() for text in texts)
    doubled = sum(times - 1 for times in delivered.values())
    disordered = sum(texts != sorted(texts, key=int) for texts in arrived.values())
    errors = ", ".join(f"{count} {name}" for name, count in seen["errors"].items()) or "0"
    cells = [COUNT, len(delivered), COUNT - len(delivered), doubled, disordered, errors, f"{seen['seconds']:.1f}"]
    return " | ".join(str(cell) for cell in cells) + " |"


async def main() -> None:
    """Run everything and write the table."""
    logging.getLogger("aiohttp.server").disabled = True  # connections that the faults cut
    table = HEAD
    for name in TROUBLE:
        for adapter in ("ours", "existing"):
            table += (line := await run(adapter, name))
            print(line, end="", flush=True)
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    PAGE.write_text(before + BEGIN + table + END + rest.partition(END)[2], "utf-8")


if __name__ == "__main__":
    asyncio.run(main())
