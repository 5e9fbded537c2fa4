"""The sandbox as the measuring end, in a process of its own: one JSON command a line in, one JSON answer out.

{"do": "connected"}                      waits for a connection; seconds since this process was told to wait
{"do": "echo", "count": 100, "rate": 20} events at a rate; latencies of acks and replies
{"do": "burst", "count": 5000, "limit": 20}           all at once; seconds until the last reply
{"do": "block", "word": "sleep", ...}    events whose handler blocks; latencies of acks
"""

import asyncio
import itertools
import json
import sys
import time
from typing import Any

from nonebot_adapter_feishu_ws.sandbox import Delivery, Message, Sandbox

APP, SECRET = "cli_a0b1c2d3e4f56789", "benchmark-secret"
CHATS = 1000


class Bench:
    """Sends numbered events and notes when each reply comes back."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        # One chat takes five messages a second (发送消息): a burst comes from many.
        self.users = [sandbox.add_user(f"User {number}") for number in range(CHATS)]
        self.chats = [sandbox.p2p(user, APP) for user in self.users]
        self.replied: dict[str, float] = {}
        self.sent: dict[str, float] = {}
        self.numbers = itertools.count()
        self._add_message = sandbox.world.add_message
        sandbox.world.add_message = self._note  # pyright: ignore[reportAttributeAccessIssue]

    def _note(self, message: Message) -> Message:
        text = json.loads(message.content).get("text", "")
        self.replied.setdefault(text, time.perf_counter())
        return self._add_message(message)

    async def push(self, command: str) -> tuple[str, Delivery]:
        number = next(self.numbers)
        name, user, chat = f"n{number}", self.users[number % CHATS], self.chats[number % CHATS]
        event = {
            "sender": {
                "sender_id": {
                    "open_id": user.open_id,
                    "user_id": user.user_id,
                    "union_id": user.union_id,
                },
                "sender_type": "user",
                "tenant_key": "t",
            },
            "message": {
                "message_id": f"om_{name}",
                "create_time": "1700000000000",
                "chat_id": chat.chat_id,
                "chat_type": "p2p",
                "message_type": "text",
                "content": json.dumps({"text": f"{command} {name}"}),
            },
        }
        self.sent[name] = time.perf_counter()
        return name, await self.sandbox.push(APP, "im.message.receive_v1", event)

    async def settle(self, names: list[str], timeout: float) -> int:
        """Wait for replies; returns how many came."""
        deadline = time.perf_counter() + timeout
        while not all(name in self.replied for name in names) and time.perf_counter() < deadline:
            await asyncio.sleep(0.002)
        return sum(name in self.replied for name in names)

    async def echo(self, count: int, rate: float) -> dict[str, Any]:
        pushed = []
        started = time.perf_counter()
        for number in range(count):
            await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
            pushed.append(await self.push("/echo"))
        names = [name for name, _ in pushed]
        await self.settle(names, 20)
        return {
            "ack": [delivery.latency for _, delivery in pushed if delivery.latency is not None],
            "reply": [self.replied[name] - self.sent[name] for name in names if name in self.replied],
        }

    async def burst(self, count: int, limit: float) -> dict[str, Any]:
        started = time.perf_counter()
        names = [(await self.push("/echo"))[0] for _ in range(count)]
        answered = await self.settle(names, limit)
        last = max(self.replied[name] for name in names) if answered == count else started + limit
        return {"seconds": last - started, "answered": answered}

    async def block(self, word: str, count: int, every: float, settle: float = 60) -> dict[str, Any]:
        pushed = []
        for _ in range(count):
            pushed.append(await self.push(word))
            await asyncio.sleep(every)
        await asyncio.gather(*(asyncio.wait_for(delivery.acked.wait(), 60) for _, delivery in pushed))
        await self.settle([name for name, _ in pushed], settle)
        return {"ack": [delivery.latency for _, delivery in pushed]}


async def main() -> None:
    sandbox = Sandbox(redelivery=(), ack_timeout=90)
    sandbox.add_app(APP, SECRET)
    loop = asyncio.get_running_loop()
    async with sandbox:
        bench = Bench(sandbox)
        print(json.dumps({"url": sandbox.url}), flush=True)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            command = json.loads(line)
            what = command.pop("do")
            if what == "connected":
                await sandbox.wait_connected(APP, timeout=60)
                answer: dict[str, Any] = {"at": time.time()}
            else:
                answer = await getattr(bench, what)(**command)
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
