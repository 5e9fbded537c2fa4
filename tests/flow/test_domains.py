"""Lark and private deployments: every door of a bot leads to its own domain."""

import json

import pytest
from nonebot import on_message

from nonebot_adapter_feishu_ws.config import LARK, load_config
from nonebot_adapter_feishu_ws.doctor.checks import examine
from nonebot_adapter_feishu_ws.doctor.console import Console
from tests.conftest import APP, SECRET

NOWHERE = "http://127.0.0.1:9"
"""What a bot that asks the wrong domain finds."""


@pytest.fixture(params=["lark", "private", "is_lark"])
def domain(request, sandbox) -> tuple[dict, dict]:
    """A bot's entry and the settings beside it, so that only its own domain leads to the sandbox."""
    bot = {"app_id": APP, "app_secret": SECRET}
    settings = {"feishu_api_base": NOWHERE, "feishu_lark_api_base": NOWHERE}
    if request.param == "private":
        return {**bot, "domain": sandbox.url}, settings
    own = {"domain": "lark"} if request.param == "lark" else {"is_lark": True}
    return {**bot, **own}, {**settings, "feishu_lark_api_base": sandbox.url}


@pytest.mark.parametrize("transport", ["native", "sdk"])
async def test_a_bot_receives_and_answers_on_its_own_domain(sandbox, run_adapter, matchers, domain, transport):
    matcher = on_message(block=True)
    matchers(matcher)

    @matcher.handle()
    async def _():
        await matcher.send("here")

    bot, settings = domain
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    async with run_adapter([{**bot, "transport": transport}], connected=False, **settings):
        await sandbox.wait_connected(APP, timeout=60)
        await sandbox.say(user, chat, "where?")
        [answer] = await sandbox.wait_message(chat, timeout=30)
    assert json.loads(answer.content)["text"] == "here"


async def test_the_sdk_client_asks_the_same_domain(sandbox, run_adapter, domain):
    import asyncio

    from lark_oapi.api.im.v1 import GetChatRequest

    bot, settings = domain
    chat = sandbox.add_chat("Group", apps=[APP])
    async with run_adapter([bot], **settings) as adapter:
        lark = await adapter.bots[APP].get_lark()
        request = GetChatRequest.builder().chat_id(chat.chat_id).build()
        answer = await asyncio.to_thread(lark.im.v1.chat.get, request)
    assert answer.data.name == "Group"


async def test_the_doctor_asks_and_links_to_the_same_domain(sandbox, domain):
    bot, settings = domain
    sandbox.world.apps[APP].scopes = frozenset()
    config = load_config({"feishu_bots": [bot], **settings})
    findings = await examine(config.feishu_bots[0])
    links = [finding.link for finding in findings if finding.link]
    assert links
    assert all(link.startswith(f"{sandbox.url}/app/{APP}/") for link in links)


def test_the_console_of_lark_stands_on_larks_host():
    bot = load_config({"feishu_bots": [{"app_id": APP, "app_secret": SECRET, "domain": "lark"}]}).feishu_bots[0]
    assert bot.api_origin == LARK
    console = Console(bot.api_origin, APP)
    for page in (
        console.credentials,
        console.features,
        console.events,
        console.versions,
        console.grant(["im:message"]),
    ):
        assert page.startswith(f"https://open.larksuite.com/app/{APP}/")
