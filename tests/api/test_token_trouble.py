"""Tokens over real HTTP: expired, revoked in the middle of many calls, wrong secret."""

import asyncio

import pytest
from pydantic import SecretStr

from nonebot_adapter_feishu_ws import ActionFailed, Unauthorized
from nonebot_adapter_feishu_ws.api import ApiClient
from tests.conftest import APP, SECRET


@pytest.fixture
async def client(sandbox):
    made = ApiClient(app_id=APP, app_secret=SecretStr(SECRET), origin=sandbox.url, timeout=5)
    yield made
    await made.close()


def fetches(sandbox) -> int:
    return sum(request.path.startswith("auth/v3") for request in sandbox.requests)


@pytest.mark.fault(30)
async def test_a_token_revoked_in_the_middle_of_100_calls_is_fetched_once_more(client, sandbox, saw):
    await client.call("bot/v3/info")
    sandbox.faults.add("bot/v3/info", times=-1, share=0.5, delay=1.0)  # half of the calls are under way for longer
    calls = [asyncio.ensure_future(client.call("bot/v3/info")) for _ in range(100)]
    await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
    under_way = sum(not call.done() for call in calls)
    assert under_way
    sandbox.expire_tokens(APP)
    answers = await asyncio.gather(*calls)
    assert all(answer["code"] == 0 for answer in answers)
    assert fetches(sandbox) == 2
    good = sum(answer["code"] == 0 for answer in answers)
    saw(f"revoked while {under_way} of 100 calls were under way: {fetches(sandbox) - 1} more fetch, {good} succeed")


@pytest.mark.fault(30)
async def test_a_token_that_expired_on_the_server_is_replaced(client, sandbox, saw):
    await client.call("bot/v3/info")
    now = sandbox.world.clock
    sandbox.world.clock = lambda: now() + 7201
    answers = await asyncio.gather(*(client.call("bot/v3/info") for _ in range(100)))
    assert {answer["code"] for answer in answers} == {0}
    assert fetches(sandbox) == 2
    saw(f"expired on the server before 100 calls at once: {fetches(sandbox) - 1} more fetch, {len(answers)} succeed")


@pytest.mark.fault(3)
async def test_a_wrong_secret_is_said_at_once_and_clearly(sandbox, saw):
    client = ApiClient(app_id=APP, app_secret=SecretStr("wrong-secret"), origin=sandbox.url)
    errors = await asyncio.gather(*(client.call("bot/v3/info") for _ in range(20)), return_exceptions=True)
    await client.close()
    assert {type(error) for error in errors} == {Unauthorized}
    assert "app_secret" in str(errors[0])
    assert "wrong-secret" not in str(errors[0])
    assert fetches(sandbox) == 1, "20 callers share one question"
    told = f"{type(errors[0]).__name__} {errors[0].code}"
    saw(f"20 calls with a wrong secret: {fetches(sandbox)} question for a token, each fails with {told}")


async def test_a_token_of_the_callers_own_is_left_alone(client, sandbox):
    with pytest.raises(ActionFailed, match="99991663"):
        await client.call("bot/v3/info", headers={"authorization": "Bearer u-mine"})
    assert fetches(sandbox) == 0
