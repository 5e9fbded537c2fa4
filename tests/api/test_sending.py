"""Sending under limits and trouble, over real HTTP: nothing lost, nothing doubled, in order, never too fast."""

import asyncio
import json
import random
import time
from collections import Counter, defaultdict
from typing import Any

import pytest
from pydantic import SecretStr

from nonebot_adapter_feishu_ws import ApiNotAvailable, NetworkError, RateLimited, TargetUnavailable
from nonebot_adapter_feishu_ws.api import ONCE, ApiClient, Rate, RetryPolicy
from nonebot_adapter_feishu_ws.sandbox.rest.call import Limit
from tests.conftest import APP, SECRET


@pytest.fixture
async def make_client(sandbox):
    made = []

    def make(**options) -> ApiClient:
        options = {"timeout": 5, "origin": sandbox.url, **options}
        made.append(ApiClient(app_id=APP, app_secret=SecretStr(SECRET), **options))
        return made[-1]

    yield make
    for client in made:
        await client.close()


@pytest.fixture
def chats(sandbox):
    user = sandbox.add_user("Li Lei")
    return [sandbox.add_chat(f"Group {number}", members=[user], apps=[APP]) for number in range(10)]


def message(chat, text: str, **more) -> dict:
    body = {"receive_id": chat.chat_id, "msg_type": "text", "content": json.dumps({"text": text}), **more}
    return {"method": "POST", "params": {"receive_id_type": "chat_id"}, "json": body}


def texts(sandbox, chat) -> list[str]:
    return [json.loads(found.content)["text"] for found in sandbox.world.history(chat.chat_id)]


async def send_all(client, chats, count: int, tasks: int, **options) -> dict[str, list[str]]:
    """``count`` sends from ``tasks`` tasks; returns the texts of each chat in the order of the calls."""
    numbers = iter(range(count))
    called: dict[str, list[str]] = defaultdict(list)

    async def work() -> None:
        for number in numbers:
            chat = chats[number % len(chats)]
            called[chat.chat_id].append(str(number))
            await client.call("im/v1/messages", **message(chat, str(number), uuid=f"u{number}"), **options)

    await asyncio.gather(*(work() for _ in range(tasks)))
    return called


def busiest(arrivals: list[float], period: float) -> int:
    """The most arrivals in any period."""
    return max(sum(start <= at < start + period for at in arrivals) for start in arrivals)


async def test_500_sends_to_10_chats_stay_within_the_limit_of_each_chat(sandbox, make_client, chats):
    sandbox.limits.per_chat = Limit(5, 0.2)
    called = await send_all(make_client(rate=Rate(5, 0.2)), chats, 500, tasks=200)
    for chat in chats:
        assert texts(sandbox, chat) == called[chat.chat_id]
        arrivals = [arrival.at for arrival in sandbox.limits.arrivals if arrival.key == chat.chat_id]
        assert busiest(arrivals, 0.2) <= 5
    assert sum(len(sent) for sent in called.values()) == 500
    assert all(arrival.accepted for arrival in sandbox.limits.arrivals), "nothing was ever refused"


async def test_a_limit_that_other_bots_have_used_up_costs_time_only(sandbox, make_client, chats):
    """The limit of a group is shared by its bots: 230020 comes although we keep it ourselves."""
    sandbox.limits.per_chat = Limit(2, 0.5)
    called = await send_all(make_client(), chats[:4], 24, tasks=24)
    assert any(not arrival.accepted for arrival in sandbox.limits.arrivals)
    for chat in chats[:4]:
        assert texts(sandbox, chat) == called[chat.chat_id]


@pytest.mark.parametrize("status", [429, 400])
async def test_the_limit_of_the_app_closes_the_gate_for_all(sandbox, make_client, chats, status):
    sandbox.limits.per_api = Limit(60, 1.0)
    sandbox.limits.api_status = status
    called = await send_all(make_client(rate=Rate(100, 0.1)), chats, 240, tasks=200)
    for chat in chats:
        assert texts(sandbox, chat) == called[chat.chat_id]
    refused = [arrival.at for arrival in sandbox.limits.arrivals if not arrival.accepted]
    assert refused
    assert len(refused) < 120, "after the first refusal the crowd waits"


WAITS = 600.0
"""The waits between two tries are shortened by this; the HTTP is real."""


def hasty() -> dict[str, Any]:
    """Options of a client whose waits are shortened."""

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(seconds / WAITS)

    return {
        "rate": Rate(1000, 1.0),
        "retry": RetryPolicy(attempts=8, first_delay=0.2, deadline=100_000),
        "clock": lambda: time.monotonic() * WAITS,
        "sleep": sleep,
    }


@pytest.mark.fault(31)
@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("HTTP 429 (99991400)", {"code": 99991400, "status": 429, "headers": {"x-ogw-ratelimit-reset": "1"}}),
        ("HTTP 400 (99991400)", {"code": 99991400}),
        ("230020", {"code": 230020}),
        ("HTTP 502", {"status": 502}),
        ("HTTP 500 with HTML", {"status": 500, "body": b"<html>"}),
        ("reset before the server acts", {"drop": "before"}),
        ("reset after it acted", {"drop": "after"}),
        ("time-out after it acted", {"stall": 1.0}),
    ],
)
async def test_a_send_in_trouble_is_tried_again_and_delivered_once(
    sandbox, make_client, chats, saw, name: str, fault: dict[str, Any]
):
    client = make_client(**hasty())
    await client.token.get()
    scripted = sandbox.faults.add("im/v1/messages", times=3, **fault)
    answer = await client.call("im/v1/messages", **message(chats[0], "once", uuid="u1"), _timeout=0.3)
    [found] = sandbox.world.history(chats[0].chat_id)
    assert answer["message_id"] == found.message_id
    tries = 4 - scripted.times
    uuids = {request.json["uuid"] for request in sandbox.requests if request.path == "im/v1/messages"}
    assert uuids == {"u1"}
    saw(f"{name}, three times: {tries} tries, {len(uuids)} uuid, {len(texts(sandbox, chats[0]))} message in the chat")


@pytest.mark.fault(31)
async def test_2000_sends_with_faults_lose_none_and_double_none(sandbox, make_client, chats, saw):
    """5 % time out after the server has acted, 5 % are refused for rate, 1 % are reset before, 1 % after."""
    sandbox.faults.random = random.Random(5).random
    reset = {"x-ogw-ratelimit-reset": "1"}
    path = "im/v1/messages"
    faults = [
        sandbox.faults.add(path, times=-1, share=0.05, stall=1.0),
        sandbox.faults.add(path, times=-1, share=0.053, code=99991400, status=429, headers=reset),
        sandbox.faults.add(path, times=-1, share=0.01, drop="before"),
        sandbox.faults.add(path, times=-1, share=0.01, drop="after"),
    ]
    user = sandbox.add_user("Han Meimei")
    more = [sandbox.add_chat(f"More {number}", members=[user], apps=[APP]) for number in range(90)]
    client = make_client(**hasty())
    called = await send_all(client, chats + more, 2000, tasks=200, _timeout=0.5)
    delivered = Counter(text for chat in chats + more for text in texts(sandbox, chat))
    assert set(delivered) == {str(number) for number in range(2000)}, "none is lost"
    assert max(delivered.values()) == 1, "none is doubled"
    for chat in chats + more:
        assert texts(sandbox, chat) == called[chat.chat_id], "in order"
    asked = len([request for request in sandbox.requests if request.path == path])
    assert asked > 2050, "faults did happen"
    lost, doubled = 2000 - len(delivered), sum(count > 1 for count in delivered.values())
    stalled, refused, before, after = (-1 - fault.times for fault in faults)
    trouble = f"{stalled} time-outs and {after} resets after the server acted, {before} before, {refused} × 99991400"
    saw(f"2,000 sends, {trouble}: {lost} lost, {doubled} doubled")


async def test_a_wait_longer_than_the_deadline_is_an_error_that_names_it(sandbox, make_client, chats):
    client = make_client()
    sandbox.faults.add("im/v1", code=99991400, status=429, headers={"x-ogw-ratelimit-reset": "600"})
    with pytest.raises(RateLimited, match="try again in 600 s") as caught:
        await client.call("im/v1/messages", **message(chats[0], "a", uuid="a"))
    assert caught.value.retry_after == 600
    with pytest.raises(RateLimited, match="not sent") as caught:
        await client.call("im/v1/messages", **message(chats[1], "b", uuid="b"))
    assert 590 < caught.value.retry_after <= 600
    assert len([request for request in sandbox.requests if request.path == "im/v1/messages"]) == 0
    assert (await client.call("bot/v3/info"))["code"] == 0, "the gate is that API's alone"


async def test_a_send_without_uuid_is_tried_again_only_when_it_was_not_carried_out(sandbox, make_client, chats):
    client = make_client(retry=RetryPolicy(first_delay=0.01, deadline=5))
    await client.token.get()
    sandbox.faults.add("im/v1/messages", code=230020)
    await client.call("im/v1/messages", **message(chats[0], "refused for rate"))
    sandbox.faults.add("im/v1/messages", status=502)
    with pytest.raises(NetworkError):
        await client.call("im/v1/messages", **message(chats[0], "who knows"))
    assert texts(sandbox, chats[0]) == ["refused for rate"]


async def test_a_token_that_cannot_be_fetched_does_not_spend_the_send(sandbox, make_client, chats):
    client = make_client(retry=RetryPolicy(first_delay=0.01))
    sandbox.faults.add("auth/v3", times=3, status=502)
    await client.call("im/v1/messages", **message(chats[0], "without uuid"))
    assert texts(sandbox, chats[0]) == ["without uuid"]


async def test_a_recall_whose_answer_is_lost_is_done(sandbox, make_client, chats):
    client = make_client(retry=RetryPolicy(first_delay=0.01))
    sent = await client.call("im/v1/messages", **message(chats[0], "a", uuid="a"))
    path = f"im/v1/messages/{sent['message_id']}"
    sandbox.faults.add(path, stall=1.0)
    assert (await client.call(path, method="DELETE", _timeout=0.3))["code"] == 0
    with pytest.raises(TargetUnavailable, match="recalled"):
        await client.call(path, method="DELETE")


async def test_replies_and_sends_to_one_chat_share_its_limit(sandbox, make_client, chats):
    sandbox.limits.per_chat = Limit(5, 0.3)
    client = make_client(rate=Rate(5, 0.3), retry=ONCE)
    first = await client.call("im/v1/messages", **message(chats[0], "0", uuid="0"))
    reply = {"msg_type": "text", "content": '{"text":"r"}'}

    async def answer(number: int) -> None:
        if number % 2:
            await client.call("im/v1/messages", **message(chats[0], "s", uuid=f"s{number}"))
        else:
            path = f"im/v1/messages/{first['message_id']}/reply"
            await client.call(path, method="POST", json={**reply, "uuid": f"r{number}"})

    await asyncio.gather(*(answer(number) for number in range(19)))
    assert len(texts(sandbox, chats[0])) == 20
    assert all(arrival.accepted for arrival in sandbox.limits.arrivals)


async def test_a_call_that_waits_for_its_next_try_ends_when_the_adapter_stops(sandbox, make_client, chats):
    client = make_client()
    sandbox.faults.add("im/v1/messages", code=230020)
    waiting = asyncio.ensure_future(client.call("im/v1/messages", **message(chats[0], "a", uuid="a")))
    await asyncio.sleep(0.2)
    await client.close()
    with pytest.raises(ApiNotAvailable, match="shutting down"):
        await waiting


async def test_a_deadline_of_its_own_gives_a_call_a_single_try(sandbox, make_client):
    client = make_client()
    sandbox.faults.add("bot/v3/info", times=-1, status=502)
    with pytest.raises(NetworkError, match="HTTP 502"):
        await client.call("bot/v3/info", _deadline=0.0)
    assert sandbox.faults.pending[0].times == -2, "one call was made"
