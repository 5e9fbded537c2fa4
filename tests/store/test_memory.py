"""The promises of a store, on the memory backend."""

from nonebot_adapter_feishu_ws.store import MemoryStore


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


async def test_a_released_event_can_be_claimed_again():
    store = MemoryStore()
    assert await store.claim(["a", "b"])
    await store.release(["a", "b"])
    assert await store.claim(["b"])


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
