"""A chat goes on by webhook while the socket is in ``error``, and by socket once it is back; nothing twice."""

import asyncio
import os
from itertools import pairwise
from pathlib import Path

import pytest
from nonebot import on_message

from nonebot_adapter_feishu_ws import ConnectionState, Event
from tests.conftest import APP, wait_until
from tests.flow.test_webhook import TOKEN, webhook

TABLE = os.environ.get("FALLBACK_TABLE")
ROUNDS = 40


@pytest.fixture
def heard(matchers):
    texts: list[str] = []
    matcher = on_message(block=True)
    matchers(matcher)

    @matcher.handle()
    async def _(event: Event):
        texts.append(event.get_plaintext())
        await matcher.send(f"heard {event.get_plaintext()}")

    return texts


@pytest.mark.fault(21)
@pytest.mark.usefixtures("unlimited_sends")
async def test_a_chat_is_answered_through_socket_error_and_back(sandbox, run_adapter, heard, saw):
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    ways: dict[str, dict[str, int]] = {}

    async def phase(name: str) -> None:
        for number in range(ROUNDS):
            await sandbox.say(user, chat, f"{name} {number}")
        answers = await sandbox.wait_message(chat, count=ROUNDS)
        assert len(answers) == ROUNDS
        counts = adapter._receiver.counts
        ways[name] = {way: counts[APP, way, "accepted"] for way in ("websocket", "webhook")}

    async with webhook(run_adapter, sandbox, verification_token=TOKEN) as _:
        adapter = run_adapter.adapter
        bot = adapter.bots[APP]
        await phase("socket up")
        sandbox.faults.add("discovery", times=-1, code=1000040350)
        await sandbox.disconnect(APP)
        await wait_until(lambda: adapter.connections.get_status(APP).state is ConnectionState.ERROR)
        status = adapter.connections.get_status(APP)
        assert (status.transport, status.error_code) == ("webhook", 1000040350)
        await phase("socket in error")
        assert adapter.bots[APP] is bot, "the bot stays registered"
        sandbox.faults.clear()
        await adapter.connections.connect(APP)
        await wait_until(lambda: adapter.connections.is_connected(APP))
        assert adapter.connections.get_status(APP).transport == "websocket"
        await phase("socket back")
        twice = await _both_ways(sandbox, user, chat)
        await sandbox.wait_message(chat, count=twice)
        await asyncio.sleep(0.2)
    expected = [f"{name} {number}" for name in ways for number in range(ROUNDS)] + [f"twice {n}" for n in range(twice)]
    assert sorted(heard) == sorted(expected), "everything once"
    steps = [(0, 0), *((w["websocket"], w["webhook"]) for w in ways.values())]
    ways_of_phases = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(steps)]
    assert ways_of_phases == [(ROUNDS, 0), (0, ROUNDS), (ROUNDS, 0)]
    _write(list(ways), ways_of_phases, twice)
    handled = sum(text.startswith("twice") for text in heard)
    saw(f"socket and webhook at the same time: {twice} events by both, handled {handled} times")


async def _both_ways(sandbox, user, chat) -> int:
    """Push twenty messages by socket and webhook at the same time."""
    for number in range(20):
        body = {
            "sender": {"sender_id": {"open_id": user.open_id}},
            "message": {
                **{"message_id": f"om_twice_{number}", "chat_id": chat.chat_id, "chat_type": "p2p"},
                **{"message_type": "text", "content": f'{{"text": "twice {number}"}}'},
            },
        }
        deliveries = [
            await sandbox.push(APP, "im.message.receive_v1", body, transport=way, event_id=f"e{number}")
            for way in ("websocket", "webhook")
        ]
        for delivery in deliveries:
            await delivery.wait()
    return 20


def _write(names: list[str], phases: list[tuple[int, int]], twice: int) -> None:
    if TABLE is None:
        return
    lines = [
        "| phase | messages sent | came by socket | came by webhook | answered | answered twice |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {ROUNDS} | {socket} | {hook} | {ROUNDS} | 0 |"
        for name, (socket, hook) in zip(names, phases, strict=True)
    ]
    lines.append(f"| the same event by both ways at once | {twice} | {twice} | {twice} | {twice} | 0 |")
    Path(TABLE).write_text("\n".join(lines) + "\n", encoding="utf-8")


async def test_a_bot_disconnected_by_its_operator_takes_no_webhook_either(sandbox, run_adapter, heard):
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    async with webhook(run_adapter, sandbox, verification_token=TOKEN):
        adapter = run_adapter.adapter
        await adapter.connections.disconnect(APP)
        await wait_until(lambda: APP not in adapter.bots)
        await sandbox.say(user, chat, "kept by Feishu")
        delivery = next(iter(sandbox.gateway._pending.values()))
        await wait_until(lambda: delivery.ack_code is not None)
        assert delivery.ack_code == 503
        assert heard == []
        await adapter.connections.connect(APP)
        await sandbox.wait_message(chat)
    assert heard == ["kept by Feishu"]


async def test_a_bot_without_socket_is_webhook_and_healthy(sandbox, run_adapter, heard):
    async with webhook(run_adapter, sandbox, verification_token=TOKEN, use_websocket=False):
        adapter = run_adapter.adapter
        status = adapter.connections.get_status(APP)
        assert (status.state, status.transport) == (ConnectionState.DISCONNECTED, "webhook")
        assert adapter.connections.can_receive(APP)
        await (await sandbox.push(APP, "x", {})).wait()
        assert adapter.connections.get_status(APP).last_event_at is not None
