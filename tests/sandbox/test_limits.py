"""The sandbox's limits and uuids, as a client without any politeness meets them."""

import asyncio
import json

import aiohttp
import pytest

from nonebot_adapter_feishu_ws.sandbox.rest.call import ApiError, Limit, Limits
from tests.conftest import APP, SECRET


@pytest.fixture
async def send(sandbox):
    chat = sandbox.add_chat("Group", members=[sandbox.add_user("Li Lei")], apps=[APP])
    async with aiohttp.ClientSession(sandbox.url + "/open-apis/") as session:
        credentials = {"app_id": APP, "app_secret": SECRET}
        async with session.post("auth/v3/tenant_access_token/internal", json=credentials) as answer:
            token = (await answer.json())["tenant_access_token"]

        async def send(**more):
            body = {"receive_id": chat.chat_id, "msg_type": "text", "content": json.dumps({"text": "a"}), **more}
            headers = {"Authorization": f"Bearer {token}"}
            params = {"receive_id_type": "chat_id"}
            async with session.post("im/v1/messages", params=params, json=body, headers=headers) as answer:
                return answer.status, await answer.json(), answer.headers

        send.chat = chat
        yield send


async def test_limits_are_off_by_default(send):
    answers = await asyncio.gather(*(send() for _ in range(50)))
    assert {status for status, _, _ in answers} == {200}


async def test_more_than_five_messages_in_a_second_are_refused_with_230020(sandbox, send):
    sandbox.limits.per_chat = Limit(5, 1.0)
    answers = await asyncio.gather(*(send() for _ in range(8)))
    assert sorted(body["code"] for _, body, _ in answers) == [0] * 5 + [230020] * 3
    assert len(list(sandbox.world.history(send.chat.chat_id))) == 5


@pytest.mark.parametrize("status", [429, 400])
async def test_the_apps_limit_names_the_seconds_to_wait(sandbox, send, status):
    sandbox.limits.per_api = Limit(1, 30.0)
    sandbox.limits.api_status = status
    assert (await send())[0] == 200
    refused, body, headers = await send()
    assert (refused, body["code"]) == (status, 99991400)
    assert headers["x-ogw-ratelimit-limit"] == "1"
    assert headers["x-ogw-ratelimit-reset"] == "30"


def test_a_window_slides():
    now = 0.0
    limits = Limits(per_chat=Limit(2, 1.0), clock=lambda: now)
    limits.count_send("oc_1")
    now = 0.9
    limits.count_send("oc_1")
    limits.count_send("oc_2")
    with pytest.raises(ApiError):
        limits.count_send("oc_1")
    now = 1.0
    limits.count_send("oc_1")
    assert [arrival.accepted for arrival in limits.arrivals] == [True, True, True, False, True]


async def test_a_uuid_is_delivered_once_an_hour(sandbox, send):
    first, second = await send(uuid="u"), await send(uuid="u")
    assert first[1]["data"]["message_id"] == second[1]["data"]["message_id"]
    clock = sandbox.world.clock
    sandbox.world.clock = lambda: clock() + 3601
    assert (await send(uuid="u"))[1]["data"]["message_id"] != first[1]["data"]["message_id"]
