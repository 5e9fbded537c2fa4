"""The promises of a store, on the memory backend."""

import tracemalloc

from nonebot_adapter_feishu_ws.store import MemoryStore
from nonebot_adapter_feishu_ws.store.claims import Claims
from nonebot_adapter_feishu_ws.store.memory import MemoryValues


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_an_event_is_claimed_once_under_any_of_its_keys():
    store = MemoryStore()
    assert await store.claim(["event:1", "message:1"])
    assert not await store.claim(["event:1"])
    assert not await store.claim(["event:2", "message:1"])
    assert await store.claim(["event:2", "message:2"])


async def test_a_claim_outlives_the_last_redelivery_and_then_ends():
    clock = Clock()
    store = MemoryStore(clock=clock)
    assert await store.claim(["a"])
    clock.now = 6 * 3600 + 400
    assert not await store.claim(["a"])
    clock.now = 8 * 3600 + 1
    assert await store.claim(["a"])


async def test_claims_are_bounded_in_number():
    store = MemoryStore(max_claims=10)
    for number in range(100):
        assert await store.claim([str(number)])
    assert not await store.claim(["99"])
    assert await store.claim(["0"])


def test_what_is_discarded_can_be_claimed_again_however_long_ago_it_was_claimed():
    claims = Claims(max_claims=1600)
    assert claims.claim(["first", "other"])
    for number in range(1000):
        assert claims.claim([str(number)])
    assert not claims.claim(["first"])
    claims.discard(["first", "other"])
    assert claims.claim(["other"])
    assert claims.claim(["first"])


async def test_all_claims_within_the_bound_are_known():
    store = MemoryStore(max_claims=1600)
    for number in range(5000):
        assert await store.claim([str(number)])
    assert [number for number in range(3500, 5000) if await store.claim([str(number)])] == []


def test_claims_need_little_memory():
    """Found by the soak: a dict of keys takes over 200 bytes each, which a busy process sees as growth for an hour."""
    claims = Claims(ttl=100, max_claims=20_000)
    tracemalloc.start()
    try:
        for number in range(18_000):
            assert claims.claim([f"cli_a0b1c2d3e4f56789:event:{number:032x}"])
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 18_000 * 30


async def test_values_expire_and_are_bounded_in_number():
    clock = Clock()
    values = MemoryValues(keep=3, clock=clock)
    await values.set_value("for good", "0", None)
    for number in range(5):
        await values.set_value(str(number), "x", 10)
    assert [await values.get_value(name) for name in ("for good", "2", "3", "4")] == ["0", None, "x", "x"]
    assert await values.add_value("4", "y", 10) == "x"
    clock.now = 10
    assert [await values.get_value(name) for name in ("for good", "4")] == ["0", None]
    assert await values.add_value("4", "y", 10) == "y"
