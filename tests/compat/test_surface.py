"""What plugins import from, and call on, the existing NoneBot Feishu adapter: the same names are here."""

import ast
import inspect
import json
import subprocess
import sys
import types
import typing
from collections import defaultdict

import nonebot.adapters.feishu as existing
import nonebot.adapters.feishu.event as existing_event
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from nonebot import get_driver
from nonebot.adapters.feishu import message as existing_message
from nonebot.adapters.feishu import models as existing_models
from nonebot.drivers import Request
from nonebot.drivers.none import Driver
from pydantic import BaseModel

import nonebot_adapter_feishu_ws as ours
from nonebot_adapter_feishu_ws import ActionFailed, Adapter, Message, MessageSegment, NetworkError, message, models
from nonebot_adapter_feishu_ws.config import BotConfig
from nonebot_adapter_feishu_ws.media import resource_of
from tests.conftest import APP, SECRET, wait_until

MODELS = sorted(name for name, value in vars(existing_models).items() if isinstance(value, type))
SEGMENTS = sorted(
    name
    for name, value in vars(existing_message).items()
    if isinstance(value, type) and value.__module__ == existing_message.__name__ and not name.startswith("_")
)
METHODS = ["get_tenant_access_token", "get_api_url", "get_api_base", "send_request", "get_bot_info"]
IMPORTS = """
import sys
from nonebot_adapter_feishu_ws import Adapter
before = {*sys.modules}
from nonebot_adapter_feishu_ws.models import BotInfo, GroupEventMessage, Mention, Reply, Sender, UserId
from nonebot_adapter_feishu_ws.utils import AESCipher, f2b, log
tops = {"nonebot_adapter_feishu_ws.utils", *sys.stdlib_module_names}
print(*sorted(name for name in {*sys.modules} - before - tops))
"""


def plain(annotation):
    """The class inside of an optional one, or of a list."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        annotation = next(kind for kind in typing.get_args(annotation) if kind is not type(None))
    return plain(typing.get_args(annotation)[0]) if typing.get_origin(annotation) is list else annotation


def places(theirs, mine, found):
    """Into ``found``: name of each of their models -> our classes in its places in the events."""
    theirs, mine = plain(theirs), plain(mine)
    if isinstance(theirs, type) and issubclass(theirs, BaseModel) and isinstance(mine, type):
        found[theirs.__name__].add(mine)
        for name, field in theirs.model_fields.items():
            if name in mine.model_fields:
                places(field.annotation, mine.model_fields[name].annotation, found)
    return found


CARRIED: dict[str, set[type]] = defaultdict(set)
for event_name, value in vars(existing_event).items():
    if isinstance(value, type) and issubclass(value, existing.Event):
        places(value, getattr(ours, event_name), CARRIED)


def test_there_is_something_to_compare():
    assert (len(MODELS), len(SEGMENTS)) == (82, 35)
    assert len({name for name in MODELS if name in CARRIED}) >= 70


@pytest.mark.parametrize("name", MODELS)
def test_D30_models_has_every_name_and_it_is_the_class_that_events_carry(name):
    mine = getattr(models, name)
    assert name in models.__all__
    assert CARRIED.get(name, {mine}) == {mine}
    theirs = getattr(existing_models, name).model_fields
    assert set(theirs) <= set(mine.model_fields)


def test_D30_models_without_such_a_name():
    with pytest.raises(ImportError):
        from nonebot_adapter_feishu_ws.models import NoSuchModel  # noqa: F401


def test_D30_an_editor_sees_what_the_import_gives():
    """The names that a type checker reads are those of the run time, and the same classes."""
    [branch] = [node for node in ast.parse(inspect.getsource(models)).body if isinstance(node, ast.If)]
    seen = {alias.asname: (node.module, alias.name) for node in branch.body for alias in node.names}
    assert sorted(seen) == sorted(models.__all__)
    for name, (module, original) in seen.items():
        __import__(f"{ours.__name__}.{module}")
        assert getattr(models, name) is getattr(sys.modules[f"{ours.__name__}.{module}"], original)


def test_D30_the_modules_of_the_existing_adapter_cost_nothing():
    """``models`` imports the models of single events when they are asked for, and ``utils`` no cipher."""
    answer = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.splitlines()[-1].split() == ["nonebot_adapter_feishu_ws.models"]


@pytest.mark.parametrize("name", SEGMENTS)
def test_D30_message_has_every_class(name):
    mine = getattr(message, name)
    assert name in message.__all__
    if issubclass(getattr(existing_message, name), existing_message.MessageSegment):
        assert issubclass(mine, MessageSegment)


@pytest.mark.parametrize("name", METHODS)
def test_D30_the_adapter_has_the_methods(name):
    theirs = inspect.signature(getattr(existing.Adapter, name)).parameters
    assert list(inspect.signature(getattr(Adapter, name)).parameters) == list(theirs)


def test_D30_to_post_names_an_image_as_rich_text_does():
    image = MessageSegment.image("img_1")
    assert image.to_post() is None
    assert {"tag": image.type, **image.data} == {"tag": "img", "image_key": "img_1"}
    text = MessageSegment.text("hi")
    text.to_post()
    assert text.type == "text"
    assert str(image) == "[img:img_1]"
    assert resource_of(image) == ("img_1", "image")
    for sent in (Message(image), "look: " + image):
        msg_type, content = sent.serialize()
        assert (msg_type, '[{"tag":"img","image_key":"img_1"}]' in content) == ("post", True)


@pytest.fixture
async def adapter(run_adapter):
    async with run_adapter() as adapter:
        yield adapter


async def test_D30_the_token_the_urls_and_the_profile(sandbox, adapter):
    [bot_config] = adapter.bot_apps.values()
    assert adapter.bot_apps is adapter.bot_configs
    assert str(adapter.get_api_base(bot_config)).rstrip("/") == sandbox.url
    url = adapter.get_api_url(bot_config, "im/v1/chats")
    assert str(url) == f"{sandbox.url}/open-apis/im/v1/chats"
    token = await adapter.get_tenant_access_token(bot_config)
    made_anew = BotConfig(app_id=APP, app_secret=SECRET)  # knows nothing of FEISHU_API_BASE
    assert await adapter.get_tenant_access_token(made_anew) == token
    answer = await adapter.send_request(Request("GET", url, headers={"Authorization": f"Bearer {token}"}))
    assert answer["code"] == 0
    info = await adapter.get_bot_info(bot_config)
    assert isinstance(info, models.BotInfoResponse)
    assert (info.code, info.bot.open_id) == (0, adapter.bots[APP].bot_info.open_id)


async def test_D30_an_upload_by_send_request(sandbox, adapter):
    """As plugins did it before the adapter could: a form with the bot's token."""
    [bot_config] = adapter.bot_apps.values()
    token = await adapter.get_tenant_access_token(bot_config)
    request = Request(
        "POST",
        adapter.get_api_url(bot_config, "im/v1/images"),
        headers={"Authorization": f"Bearer {token}"},
        data={"image_type": "message"},
        files={"image": ("a.png", b"\x89PNG", "image/png")},
    )
    answer = await adapter.send_request(request)
    key = models.BaseResponse.model_validate(answer).code == 0 and answer["data"]["image_key"]
    assert sandbox.world.files[key].content == b"\x89PNG"
    got = Request("GET", adapter.get_api_url(bot_config, f"im/v1/images/{key}"), headers=request.headers)
    assert await adapter.send_request(got) == b"\x89PNG"
    response = await adapter.send_request(got, _return_response=True)
    assert (response.status_code, response.content) == (200, b"\x89PNG")


async def test_D30_a_file_after_to_post_is_uploaded_as_before(sandbox, adapter):
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    image = MessageSegment.image(b"\x89PNG")
    image.to_post()
    await adapter.bots[APP].send_to(chat.chat_id, "look: " + image)
    [sent] = await sandbox.wait_message(chat)
    [[words], [picture]] = json.loads(sent.content)["content"]
    assert (words["text"], picture["tag"]) == ("look: ", "img")
    assert sandbox.world.files[picture["image_key"]].content == b"\x89PNG"


async def test_D30_send_request_to_any_server(adapter):
    """A form, a query and cookies arrive as with NoneBot's drivers; what is no success is a ``NetworkError``."""

    async def echo(request: web.Request) -> web.Response:
        form = dict(await request.post())
        seen = {"form": form, "type": request.content_type, "query": request.query_string, **request.cookies}
        return web.json_response({"code": 9, "seen": seen})

    async def elsewhere(_: web.Request) -> web.Response:
        raise web.HTTPFound("/")

    async def empty(_: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.add_routes([web.post("/echo", echo), web.get("/elsewhere", elsewhere), web.get("/empty", empty)])
    async with TestServer(app) as server:
        url = str(server.make_url("/")).replace("//", "//user:password@", 1)
        request = Request("POST", f"{url}echo?a=b c#part", data={"x": "ä&"}, cookies={"cookie": "1"})
        answer = await adapter.send_request(request)
        for path in ("elsewhere", "empty"):
            with pytest.raises(NetworkError, match=f"GET /{path} got HTTP"):
                await adapter.send_request(Request("GET", f"{url}{path}"))
    kind = "application/x-www-form-urlencoded"
    assert answer == {"code": 9, "seen": {"form": {"x": "ä&"}, "type": kind, "query": "a=b c", "cookie": "1"}}


async def test_D30_send_request_says_why_it_failed(adapter):
    [bot_config] = adapter.bot_apps.values()
    url = adapter.get_api_url(bot_config, "im/v1/messages/om_none")
    headers = {"Authorization": f"Bearer {await adapter.get_tenant_access_token(bot_config)}"}
    with pytest.raises(ActionFailed) as refused:
        await adapter.send_request(Request("GET", url, headers=headers))
    assert refused.value.code
    with pytest.raises(ActionFailed, match=r"99991661|99991663"):
        await adapter.send_request(Request("GET", url))
    with pytest.raises(NetworkError, match=r"127\.0\.0\.1:1\b"):
        await adapter.send_request(Request("GET", "http://127.0.0.1:1/"), _timeout=5.0)


def test_D30_a_failure_that_a_plugin_raises_or_a_test_builds_carries_what_it_was_given():
    given = {"code": 1, "msg": "m", "data": {}}
    assert ActionFailed(**given).info == existing.ActionFailed(**given).info == given


async def test_D30_a_refused_call_names_its_code_instead_of_a_network_error(adapter):
    """There, HTTP 400 or more is a ``NetworkError`` without a code; docs/en/moving-over.md says so."""
    with pytest.raises(ActionFailed) as refused:
        await adapter.bots[APP].call_api("im/v1/messages/om_none", method="GET")
    assert not isinstance(refused.value, NetworkError)
    assert refused.value.info["code"] == refused.value.code == 99992354


async def test_D30_bots_are_there_from_on_bot_connect_and_their_configuration_before(sandbox, run_adapter, monkeypatch):
    """The existing adapter waits for the network in its ``on_startup``, so its bots are there in that of a plugin."""
    seen: dict[str, list[str]] = {}
    made = Adapter.__init__

    def with_plugin(self, driver, **options):
        made(self, driver, **options)

        @driver.on_startup
        async def _():
            seen["on_startup: bots"] = list(self.bots)
            seen["on_startup: bot_apps"] = list(self.bot_apps)

    monkeypatch.setattr(Adapter, "__init__", with_plugin)

    async def connected(bot: ours.Bot):
        seen["on_bot_connect: bots"] = [bot.self_id]

    hook = get_driver().on_bot_connect(connected)
    try:
        async with run_adapter(driver=Driver) as adapter:
            assert list(adapter.bots) == [APP]
            await wait_until(lambda: "on_bot_connect: bots" in seen)
    finally:
        Driver._bot_connection_hook.difference_update(
            {each for each in Driver._bot_connection_hook if each.call is hook}
        )
    assert seen == {"on_startup: bots": [], "on_startup: bot_apps": [APP], "on_bot_connect: bots": [APP]}
