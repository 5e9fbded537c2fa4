"""The cache, and the names and chats that use it."""

import asyncio

import pytest

from nonebot_adapter_feishu_ws import ActionFailed
from nonebot_adapter_feishu_ws.api import Cache, Directory


class Source:
    def __init__(self) -> None:
        self.now, self.fetched, self.broken = 0.0, 0, False
        self.cache: Cache[str, int] = Cache(ttl=10, size=3, clock=lambda: self.now)

    async def fetch(self) -> int:
        self.fetched += 1
        number = self.fetched
        await asyncio.sleep(0)
        if self.broken:
            raise RuntimeError("down")
        return number

    async def get(self, key: str = "k") -> int:
        return await self.cache.get(key, self.fetch)


async def test_a_value_lives_for_its_time():
    source = Source()
    assert [await source.get(), await source.get()] == [1, 1]
    source.now = 10
    assert await source.get() == 2


async def test_it_is_fetched_once_for_all_who_ask():
    source = Source()
    assert await asyncio.gather(*(source.get() for _ in range(50))) == [1] * 50


async def test_an_error_reaches_all_who_wait_and_is_not_kept():
    source = Source()
    source.broken = True
    results = await asyncio.gather(*(source.get() for _ in range(5)), return_exceptions=True)
    assert [type(result) for result in results] == [RuntimeError] * 5
    assert source.fetched == 1
    source.broken = False
    assert await source.get() == 2


async def test_a_cancelled_caller_does_not_cancel_the_others():
    source = Source()
    first, second = asyncio.ensure_future(source.get()), asyncio.ensure_future(source.get())
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 1


async def test_the_one_unused_for_longest_goes_first():
    source = Source()
    for key in ("a", "b", "c", "a", "d"):
        await source.get(key)
    assert len(source.cache._values) == 3
    assert await source.get("a") == 1
    assert await source.get("b") == 5


async def test_forgetting_also_forgets_a_fetch_that_is_under_way():
    source = Source()
    old = asyncio.ensure_future(source.get())
    await asyncio.sleep(0)
    source.cache.forget("k")
    assert await source.get() == 2
    assert await old == 1
    assert await source.get() == 2


class Answering:
    """A bot whose every call gets the same answer, or the same error."""

    def __init__(self, answer):
        self.answer = answer

    async def call_api(self, api, **_data):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def test_names_and_chats_are_asked_for_once():
    calls: list[str] = []

    class Platform:
        async def call_api(self, api, **_data):
            calls.append(api)
            return {"code": 0, "data": {"user": {"name": "李雷"}} if "users" in api else {"name": "Group"}}

    directory = Directory(Platform())
    for _ in range(3):
        assert await directory.get_user_name("ou_1") == "李雷"
        info = await directory.get_chat_info("oc_1")
        assert info.pop("name") == "Group", "what one caller changes, the next does not see"
    assert calls == ["contact/v3/users/ou_1", "im/v1/chats/oc_1"]


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"data": {"user": {}}}, b""])
async def test_a_name_that_the_app_may_not_see_is_empty(answer):
    assert await Directory(Answering(answer)).get_user_name("ou_1") == ""


async def test_a_refusal_is_raised():
    refused = ActionFailed(code=41050, msg="no user authority")
    with pytest.raises(ActionFailed, match="contacts range"):
        await Directory(Answering(refused)).get_user_name("ou_1")


async def test_a_refresh_serves_the_old_value_until_the_new_one_is_there():
    source = Source()
    assert await source.get() == 1
    refreshed = source.cache.refresh("k", source.fetch)
    assert source.cache.refresh("k", source.fetch) is refreshed, "one fetch at a time"
    assert await source.get() == 1
    assert await refreshed == 2
    assert await source.get() == 2


async def test_a_value_may_tell_how_long_it_is_good():
    now = 0.0
    cache: Cache[str, float] = Cache(ttl=lambda value: value, size=3, clock=lambda: now)

    async def fetch() -> float:
        return 5.0 + now

    assert await cache.get("k", fetch) == 5.0
    now = 5.0
    assert await cache.get("k", fetch) == 10.0
    now = 14.0
    assert await cache.get("k", fetch) == 10.0
    assert cache.peek("k") == 10.0
    cache.forget("k")
    assert cache.peek("k") is None
