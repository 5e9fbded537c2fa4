"""One event comes more than once: at once, after a restart, at another replica. It is handled once."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from nonebot import on_message

from nonebot_adapter_feishu_ws import Event
from nonebot_adapter_feishu_ws.sandbox import Sandbox
from tests.conftest import APP, wait_until
from tests.flow.test_trouble import person

Saw = Callable[[str], None]
NUMBER = 20


@pytest.fixture
def handled(matchers: Any) -> Counter[str]:
    """How often each message was handled."""
    counts: Counter[str] = Counter()
    matcher = on_message(block=True)
    matchers(matcher)

    @matcher.handle()
    async def _(event: Event):
        counts[event.get_plaintext()] += 1

    return counts


async def push_all(sandbox: Sandbox, who: Any, *, times: int = 1) -> int:
    """Push the same messages; returns the number of pushes, once all are acked."""
    user, chat = who
    deliveries = []
    for number in range(NUMBER):
        body = {
            "sender": {"sender_id": {"open_id": user.open_id}},
            "message": {
                **{"message_id": f"om_{number}", "chat_id": chat.chat_id, "chat_type": "p2p"},
                **{"message_type": "text", "content": f'{{"text": "{number}"}}'},
            },
        }
        for _ in range(times):
            deliveries.append(await sandbox.push(APP, "im.message.receive_v1", body, event_id=f"e{number}"))
    for delivery in deliveries:
        await delivery.wait()
    return len(deliveries)


def once(handled: Counter[str]) -> str:
    assert handled == {str(number): 1 for number in range(NUMBER)}
    return f"{len(handled)} events handled {sum(handled.values())} times"


@pytest.mark.fault(21)
async def test_at_once(sandbox, run_adapter, handled, tmp_path, saw: Saw):
    async with run_adapter(feishu_store=f"sqlite:///{tmp_path / 's.db'}"):
        pushed = await push_all(sandbox, person(sandbox), times=3)
        await wait_until(lambda: len(handled) == NUMBER)
        await asyncio.sleep(0.1)
    saw(f"at once: {pushed} pushes, {once(handled)}")


@pytest.mark.fault(21)
async def test_after_a_restart(sandbox, run_adapter, handled, tmp_path, saw: Saw):
    who, store = person(sandbox), f"sqlite:///{tmp_path / 's.db'}"
    pushed = 0
    for _ in range(3):
        async with run_adapter(feishu_store=store):
            pushed += await push_all(sandbox, who)
            await wait_until(lambda: len(handled) == NUMBER)
            await asyncio.sleep(0.1)
    saw(f"before and after two restarts: {pushed} pushes, {once(handled)}")


@pytest.mark.fault(21)
@pytest.mark.needs("redis-server")
async def test_at_another_replica(sandbox, run_adapter, handled, redis_server, saw: Saw):
    """Two adapters with one Redis; the sandbox gives each event to one of the two connections at random."""
    store = redis_server.url
    async with run_adapter(feishu_store=store) as one, run_adapter(feishu_store=store) as other:
        assert len(sandbox.gateway.connections[APP]) == 2
        pushed = await push_all(sandbox, person(sandbox), times=4)
        await wait_until(lambda: len(handled) == NUMBER)
        await asyncio.sleep(0.1)
        shares = [sum(adapter._receiver.counts.values()) for adapter in (one, other)]
    assert all(shares)
    saw(f"two replicas: {shares[0]} + {shares[1]} of {pushed} pushes, {once(handled)}")
