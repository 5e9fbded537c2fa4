"""A local Feishu on a loop and in a thread of its own, for tests in which a plugin blocks NoneBot's loop."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from nonebot_adapter_feishu_ws.sandbox import Chat, Delivery, Sandbox, SandboxThread, User
from tests.conftest import APP, SECRET

T = TypeVar("T")


class FarSandbox:
    """The sandbox, and how to call it from the test's loop."""

    def __init__(self, thread: SandboxThread) -> None:
        self.thread = thread
        self.sandbox = thread.sandbox
        self.url = thread.sandbox.url

    def call(self, work: Coroutine[Any, Any, T]) -> asyncio.Future[T]:
        """Start a coroutine over there; to be awaited here."""
        return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.thread._loop))

    def people(self, count: int) -> list[tuple[User, Chat]]:
        """People with private chats of their own, so that no chat's limit slows the answers down."""
        users = [self.sandbox.add_user(f"user {number}") for number in range(count)]
        return [(user, self.sandbox.p2p(user, APP)) for user in users]

    async def push(self, people: Sequence[tuple[User, Chat]], texts: Sequence[str]) -> list[Delivery]:
        """Push messages at once, from the people in turn."""

        async def push_all() -> list[Delivery]:
            who = [people[number % len(people)] for number in range(len(texts))]
            return [
                await self.sandbox.push(APP, "im.message.receive_v1", _message(user, chat, number, text))
                for number, ((user, chat), text) in enumerate(zip(who, texts, strict=True))
            ]

        return await self.call(push_all())


@asynccontextmanager
async def far_sandbox(**options: Any) -> AsyncIterator[FarSandbox]:
    """A sandbox with the one app of the tests; pushes an unacked event again only as late as Feishu does."""
    thread = SandboxThread(Sandbox(**options))
    thread.sandbox.add_app(APP, SECRET, name="Bot A")
    await asyncio.to_thread(thread.start)
    try:
        yield FarSandbox(thread)
    finally:
        await asyncio.to_thread(thread.stop)


def _message(user: User, chat: Chat, number: int, text: str) -> dict[str, Any]:
    return {
        "sender": {"sender_id": {"open_id": user.open_id}},
        "message": {
            **{"message_id": f"om_{number}", "chat_id": chat.chat_id, "chat_type": "p2p", "message_type": "text"},
            "content": f'{{"text": "{text}"}}',
        },
    }


def latencies(deliveries: Sequence[Delivery]) -> str:
    """The times from push to ack, in words."""
    sorted_ms = sorted((it.latency or 0.0) * 1000 for it in deliveries)
    at = sorted_ms[min(len(sorted_ms) - 1, int(len(sorted_ms) * 0.99))]
    return f"acks p99 {at:.0f} ms, at most {sorted_ms[-1]:.0f} ms"
