"""The token cache, on an injected clock."""

import asyncio

import pytest

from nonebot_adapter_feishu_ws import NetworkError
from nonebot_adapter_feishu_ws.api import TenantToken


class Source:
    def __init__(self, lifetime: float = 7200) -> None:
        self.now, self.asked, self.lifetime = 0.0, 0, lifetime
        self.down = False
        self.token = TenantToken(self.fetch, clock=lambda: self.now)

    async def fetch(self) -> tuple[str, float]:
        self.asked += 1
        await asyncio.sleep(0)
        if self.down:
            raise NetworkError("down")
        return f"t-{self.asked}", self.lifetime


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_one_token_serves_until_half_an_hour_before_its_end():
    source = Source()
    assert await source.token.get() == "t-1"
    source.now = 5400
    assert await source.token.get() == "t-1"
    await settle()
    assert source.asked == 1


async def test_it_is_renewed_early_in_the_background_while_the_old_one_serves():
    source = Source()
    await source.token.get()
    source.now = 5500
    assert await source.token.get() == "t-1", "nobody waits for the new one"
    await settle()
    assert await source.token.get() == "t-2"
    assert source.asked == 2


async def test_a_failed_renewal_is_tried_again_and_the_old_one_serves_to_its_end(logs):
    source = Source()
    await source.token.get()
    source.now, source.down = 5500, True
    assert await source.token.get() == "t-1"
    await settle()
    assert any("could not be renewed" in line for line in logs)
    assert await source.token.get() == "t-1"
    await settle()
    assert source.asked == 2, "not at every call"
    source.now = 5540
    await source.token.get()
    await settle()
    assert source.asked == 3
    source.now = 7201
    with pytest.raises(NetworkError):
        await source.token.get()
    source.down = False
    assert await source.token.get() == "t-5"


async def test_concurrent_callers_share_one_flight_and_its_error():
    source = Source()
    source.down = True
    results = await asyncio.gather(*(source.token.get() for _ in range(50)), return_exceptions=True)
    assert source.asked == 1
    assert all(isinstance(result, NetworkError) for result in results)


async def test_a_cancelled_caller_does_not_cancel_the_others():
    source = Source()
    first = asyncio.create_task(source.token.get())
    second = asyncio.create_task(source.token.get())
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "t-1"


async def test_only_the_refused_token_is_forgotten():
    source = Source()
    await source.token.get()
    source.token.invalidate("t-0")
    assert await source.token.get() == "t-1"
    source.token.invalidate("t-1")
    assert await source.token.get() == "t-2"
    assert source.token.lifetime == 7200


async def test_a_short_lived_token_is_not_asked_for_at_every_call():
    source = Source(lifetime=600)
    for _ in range(5):
        await source.token.get()
        await settle()
    assert source.asked == 1
