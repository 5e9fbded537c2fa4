"""A store app: tickets by webhook, a token per tenant, each event answered in its own tenant."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from nonebot import on_message
from nonebot.drivers.fastapi import Driver as FastAPIDriver

from nonebot_adapter_feishu_ws import ActionFailed, ApiNotAvailable, MessageEvent
from nonebot_adapter_feishu_ws.config import load_config
from nonebot_adapter_feishu_ws.doctor import Level, examine
from nonebot_adapter_feishu_ws.exception import ConfigError
from tests.conftest import APP, SECRET, serving

TOKEN, KEY = "verification-token-1", "encrypt-key-1"
BOT = {"app_id": APP, "app_secret": SECRET, "app_type": "store", "verification_token": TOKEN, "encrypt_key": KEY}


@pytest.fixture
def app(sandbox):
    app = sandbox.world.apps[APP]
    app.is_store, app.verification_token, app.encrypt_key = True, TOKEN, KEY
    return app


@pytest.fixture
def tenants(sandbox):
    """Two tenants: a person and a group with the bot in each."""
    found = {}
    for key in ("tenant_a", "tenant_b"):
        user = sandbox.add_user(f"User of {key}", tenant_key=key)
        found[key] = (user, sandbox.add_chat(f"Group of {key}", members=[user], apps=[APP]))
    return found


@pytest.fixture
def told(matchers):
    """Answers every message; collects whether it was for the bot."""
    found: list[tuple[str, bool]] = []
    matcher = on_message(block=True)
    matchers(matcher)

    @matcher.handle()
    async def _(event: MessageEvent):
        found.append((event.header.tenant_key, event.to_me))
        await matcher.send(f"for {event.header.tenant_key}")

    return found


@asynccontextmanager
async def running(run_adapter, app, **config):
    async with run_adapter([BOT], driver=FastAPIDriver, **config) as adapter, serving(adapter) as url:
        app.webhook_url = f"{url}/feishu/{APP}"
        yield adapter


def asked(sandbox, path: str) -> int:
    return len([request for request in sandbox.requests if request.path == path])


async def test_two_tenants_are_answered_each_with_its_own_token(sandbox, run_adapter, app, tenants, told, logs):
    async with running(run_adapter, app):
        for user, chat in tenants.values():
            await asyncio.gather(*(sandbox.say(user, chat, f"hi {number}", at=[APP]) for number in range(3)))
        for key, (_, chat) in tenants.items():
            answers = await sandbox.wait_message(chat, count=3, timeout=20)
            assert {json.loads(answer.content)["text"] for answer in answers} == {f"for {key}"}
    assert sorted(told) == [("tenant_a", True)] * 3 + [("tenant_b", True)] * 3
    assert asked(sandbox, "auth/v3/app_ticket/resend") == 1, "there was no ticket, and all waited for one"
    assert asked(sandbox, "auth/v3/app_access_token") == 1
    assert asked(sandbox, "auth/v3/tenant_access_token") == 2
    assert set(app.token_tenants.values()) == {"tenant_a", "tenant_b"}
    secrets = [app.app_ticket, SECRET, *app.tokens, *app.app_tokens]
    assert not [line for line in logs for secret in secrets if secret in line]


async def test_calls_outside_of_an_event_name_their_tenant(sandbox, run_adapter, app, tenants):
    chat = tenants["tenant_b"][1]
    async with running(run_adapter, app) as adapter:
        bot = adapter.bots[APP]
        with pytest.raises(ApiNotAvailable, match="for_tenant"):
            await bot.send_to(chat.chat_id, "whose?")
        with bot.for_tenant("tenant_b"):
            await bot.send_to(chat.chat_id, "by the block")
            assert (await bot.get_chat_info(chat.chat_id))["name"] == "Group of tenant_b"
        body = {"receive_id": chat.chat_id, "msg_type": "text", "content": '{"text":"by the call"}'}
        query = {"receive_id_type": "chat_id"}
        await bot.call_api("im/v1/messages", method="POST", params=query, json=body, _tenant="tenant_b")
        assert len(await sandbox.wait_message(chat, count=2)) == 2
        with bot.for_tenant("tenant_a"), pytest.raises(ActionFailed, match="230002"):
            await bot.send_to(chat.chat_id, "of the other tenant")
        with bot.for_tenant("tenant_z"), pytest.raises(ActionFailed, match="99991673"):
            await bot.send_to(chat.chat_id, "of nobody")


async def test_tokens_and_tickets_that_ended_are_replaced(sandbox, run_adapter, app, tenants):
    chat = tenants["tenant_a"][1]
    async with running(run_adapter, app) as adapter:
        bot = adapter.bots[APP]
        with bot.for_tenant("tenant_a"):
            await bot.send_to(chat.chat_id, "1")
            app.tokens.clear()
            await bot.send_to(chat.chat_id, "2")
            app.tokens.clear()
            app.app_tokens.clear()
            await bot.send_to(chat.chat_id, "3")
            app.tokens.clear()
            app.app_tokens.clear()
            app.app_ticket = "another, which the bot was not told"
            await bot.send_to(chat.chat_id, "4")
    assert len(await sandbox.wait_message(chat, count=4)) == 4


async def test_a_ticket_is_kept_over_a_restart(sandbox, run_adapter, app, tenants, tmp_path):
    store = f"sqlite:///{tmp_path}/store.sqlite3"
    chat = tenants["tenant_a"][1]
    async with running(run_adapter, app, feishu_store=store):
        await sandbox.tokens.push_ticket(app).wait()
    async with running(run_adapter, app, feishu_store=store) as adapter:
        with adapter.bots[APP].for_tenant("tenant_a"):
            await adapter.bots[APP].send_to(chat.chat_id, "again")
    assert asked(sandbox, "auth/v3/app_ticket/resend") == 0


async def test_a_self_built_bot_that_gets_tickets_is_told(sandbox, run_adapter, app, logs):
    bot = {key: value for key, value in BOT.items() if key != "app_type"} | {"use_websocket": False}
    app.is_store = False
    async with run_adapter([bot], driver=FastAPIDriver) as adapter, serving(adapter) as url:
        app.webhook_url = f"{url}/feishu/{APP}"
        await sandbox.tokens.push_ticket(app).wait()
    assert [line for line in logs if '"app_type": "store"' in line]
    assert not [line for line in logs if app.app_ticket in line]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"use_websocket": True}, "cannot use the long connection"),
        ({"protocol": "ws"}, "cannot use the long connection"),
        ({"verification_token": "", "encrypt_key": ""}, "by webhook only"),
        ({"app_type": "isv"}, "'self_built' or 'store'"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(more, says):
    with pytest.raises(ConfigError, match=says):
        load_config({"feishu_bots": [{**BOT, **more}]})
    assert load_config({"feishu_bots": [BOT]}).feishu_bots[0].use_websocket is False


async def test_the_doctor_checks_what_it_can(sandbox, app):
    config = load_config({"feishu_bots": [{**BOT, "domain": sandbox.url}]})
    assert [finding.level for finding in await examine(config.feishu_bots[0])] == [Level.OK, Level.UNKNOWN]
    app.app_secret = "reset"
    [finding] = await examine(config.feishu_bots[0])
    assert finding.level is Level.PROBLEM
    assert "10014" in finding.text
