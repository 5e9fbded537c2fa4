"""Replicas share one token, what they have looked up, and the rate of a chat; without Redis each goes alone."""

import asyncio

import pytest
from pydantic import SecretStr

from nonebot_adapter_feishu_ws.api import ApiClient, Directory
from nonebot_adapter_feishu_ws.sandbox.rest.call import Limit
from nonebot_adapter_feishu_ws.store import MemoryStore, make_store, shared_of
from tests.conftest import APP, SECRET

pytestmark = pytest.mark.needs("redis-server")


async def here(coroutine):
    return await coroutine


class Caller:
    """Stands in for a bot."""

    def __init__(self, client: ApiClient) -> None:
        self.client = client

    async def call_api(self, api, **data):
        return await self.client.call(api, **data)


@pytest.fixture
async def replicas(sandbox, redis_server):
    """Makes the parts of a replica that talk to Feishu and Redis."""
    stores, clients = [], []

    async def make():
        store = make_store(redis_server.url, takeover_after=600)
        await store.open([APP])
        shared = shared_of(store, here)
        client = ApiClient(app_id=APP, app_secret=SecretStr(SECRET), origin=sandbox.url, shared=shared)
        stores.append(store)
        clients.append(client)
        return client, Directory(Caller(client), app_id=APP, shared=shared)

    yield make
    for client in clients:
        await client.close()
    for store in stores:
        await store.close()


def asked(sandbox, path: str) -> int:
    return sum(path in request.path for request in sandbox.requests)


async def test_one_token_serves_all_and_a_refused_one_is_replaced(sandbox, replicas, logs):
    one, other = (await replicas())[0], (await replicas())[0]
    await one.call("bot/v3/info")
    await other.call("bot/v3/info")
    assert asked(sandbox, "tenant_access_token") == 1
    assert await one.token.get() == await other.token.get()
    assert 0 < other.token.lifetime <= 7200
    sandbox.expire_tokens(APP)
    await one.call("bot/v3/info")
    await other.call("bot/v3/info")
    assert asked(sandbox, "tenant_access_token") == 2, "the other one uses what the first has fetched"
    assert (await (await replicas())[0].call("bot/v3/info"))["code"] == 0
    assert asked(sandbox, "tenant_access_token") == 2
    token = await one.token.get()
    assert not any(token in line for line in logs)


async def test_names_and_chats_are_asked_for_once(sandbox, replicas):
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    one, other = (await replicas())[1], (await replicas())[1]
    for directory in (one, other):
        assert await directory.get_user_name(user.open_id) == "Li Lei"
        assert await directory.get_chat_info(chat.chat_id) == await one.get_chat_info(chat.chat_id)
    assert asked(sandbox, f"contact/v3/users/{user.open_id}") == 1
    assert asked(sandbox, f"im/v1/chats/{chat.chat_id}") == 1


async def test_three_replicas_keep_a_chats_rate_together(sandbox, replicas):
    chat = sandbox.p2p(sandbox.add_user("Li Lei"), APP)
    sandbox.limits.per_chat = Limit(5, 1.0)
    clients = [(await replicas())[0] for _ in range(3)]
    for client in clients:
        await client.token.get()

    async def send(number: int) -> None:
        body = {"receive_id": chat.chat_id, "msg_type": "text", "content": '{"text": "x"}', "uuid": f"u{number}"}
        query = {"receive_id_type": "chat_id"}
        await clients[number % 3].call("im/v1/messages", method="POST", params=query, json=body)

    await asyncio.gather(*(send(number) for number in range(15)))
    sent = [message for message in sandbox.world.messages.values() if message.sender_type == "app"]
    assert len(sent) == 15
    # Without the shared rate nearly all tries of two replicas are refused; a slow machine may squeeze a few together.
    assert asked(sandbox, "im/v1/messages") <= 15 + 5


async def test_without_redis_each_goes_alone(sandbox, replicas, redis_server):
    client, _ = await replicas()
    other, _ = await replicas()
    redis_server.stop()
    for one in (client, other):
        assert (await one.call("bot/v3/info"))["code"] == 0
    assert asked(sandbox, "tenant_access_token") == 2


async def test_a_store_of_one_process_shares_nothing(tmp_path):
    assert shared_of(MemoryStore(), here) is None
    store = make_store(f"sqlite:///{tmp_path}/s.db")
    assert shared_of(store, here) is None
    assert store.locks is None
