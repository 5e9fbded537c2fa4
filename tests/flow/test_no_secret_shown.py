"""What is printed, raised or answered shows no secret: objects, errors with their causes, and every route."""

import subprocess
import sys
import traceback

import aiohttp
import pytest
from nonebot.drivers.fastapi import Driver as FastAPIDriver
from pydantic import SecretStr, ValidationError

from nonebot_adapter_feishu_ws import Adapter, NoticeEvent
from nonebot_adapter_feishu_ws.api import ApiClient
from nonebot_adapter_feishu_ws.config import load_config
from nonebot_adapter_feishu_ws.event import EventRegistry
from nonebot_adapter_feishu_ws.event.envelope import Envelope
from nonebot_adapter_feishu_ws.exception import ConfigError, NetworkError, StoreError, Unauthorized
from nonebot_adapter_feishu_ws.intake.delivery import Delivery, identify
from nonebot_adapter_feishu_ws.management.access import Tokens
from nonebot_adapter_feishu_ws.server.webhook import WebhookSecrets
from nonebot_adapter_feishu_ws.store import Entry
from nonebot_adapter_feishu_ws.store.redis.connection import RedisConnection
from nonebot_adapter_feishu_ws.transport.endpoint import parse_discovery
from tests.conftest import APP, SECRET, serving

KEY, TOKEN, CONTROL = "encrypt-key-never-shown", "verification-token-never-shown", "control-token-never-shown"
PASSWORD = "password-never-shown"
PROXY = f"http://user:{PASSWORD}@127.0.0.1:9"
REDIS = f"redis://user:{PASSWORD}@127.0.0.1:9/0?password={PASSWORD}"
TICKET = "ticket-never-shown"
CONSTANTS = (SECRET, KEY, TOKEN, CONTROL, PASSWORD, TICKET)


def shown(thing: object) -> str:
    """All that a log would show of something; of an error the whole chain as a traceback."""
    text = f"{thing!r}\n{thing}\n"
    if isinstance(thing, BaseException):
        text += "".join(traceback.format_exception(type(thing), thing, thing.__traceback__))
    return text


def assert_silent(text: str, *secrets: str) -> None:
    assert [secret for secret in (*CONSTANTS, *secrets) if secret in text] == []


async def test_objects_show_no_secret(sandbox, run_adapter):
    bots = [{"app_id": APP, "app_secret": SECRET, "encrypt_key": KEY, "verification_token": TOKEN}]
    async with run_adapter(bots, driver=FastAPIDriver, feishu_management_tokens={CONTROL: ["*"]}) as adapter:
        bot = adapter.bots[APP]
        await bot.call_api("im/v1/chats", method="GET")
        client = adapter._clients.get(bot.bot_config)
        token, config = await client.token.get(), adapter.feishu_config
        parts = [adapter, bot, bot.bot_config, config, client, client.token, client._http, adapter.connections]
        parts += [bot.bot_info, bot.uploads, adapter.connections.get_status(APP), adapter._tickets, adapter._store]
        parts += [vars(bot.bot_config), adapter._webhook_bots, adapter._receiver]
        for part in parts:
            assert_silent(shown(part), token)
        assert_silent(str(vars(client.token)), token)
        assert token in shown({"token": token}), "the search finds what is there"


async def test_routes_answer_without_a_secret(sandbox, run_adapter):
    bots = [{"app_id": APP, "app_secret": SECRET, "encrypt_key": KEY, "verification_token": TOKEN, "name": "Alpha"}]
    tokens = {CONTROL: ["*"]}
    async with (
        run_adapter(bots, driver=FastAPIDriver, feishu_management_tokens=tokens) as adapter,
        serving(adapter) as url,
        aiohttp.ClientSession() as session,
    ):
        token = await adapter._clients.get(adapter.bot_configs[APP]).token.get()
        seen = []
        for method, path in (
            *(
                ("GET", "/feishu/"),
                ("GET", "/feishu/healthz"),
                ("GET", "/feishu/metrics"),
                ("GET", "/feishu/ws/status"),
            ),
            *(("GET", f"/feishu/bots/{APP}/ws/status"), ("POST", f"/feishu/bots/{APP}/ws/disconnect")),
            *(("POST", f"/feishu/bots/{APP}/ws/connect"), ("GET", "/feishu/bots/none/ws/status")),
            *(("POST", f"/feishu/{APP}"), ("POST", "/feishu/none"), ("GET", f"/feishu/{APP}")),
        ):
            for authorization in (f"Bearer {CONTROL}", f"Bearer {CONTROL}x", None):
                headers = {"Authorization": authorization} if authorization else {}
                async with session.request(method, url + path, headers=headers, data=b"{}") as response:
                    seen.append(response.status)
                    assert_silent(f"{response.headers}{await response.text()}", token)
        assert {200, 401, 404} <= set(seen)


async def test_errors_show_no_secret(sandbox):
    def client(secret: str = SECRET, **options) -> ApiClient:
        return ApiClient(app_id=APP, app_secret=SecretStr(secret), origin=sandbox.url, **options)

    failures: list[BaseException] = []
    for broken, kind in ((client(secret=PASSWORD), Unauthorized), (client(proxy=PROXY), NetworkError)):
        with pytest.raises(kind) as caught:
            await broken.call("im/v1/chats", method="GET", _deadline=0.0)
        failures.append(caught.value)
        await broken.close()
    socks = client(proxy=PROXY.replace("http", "socks5", 1))
    with pytest.raises(NetworkError) as caught:
        await socks.call("im/v1/chats", method="GET", _deadline=0.0)
    failures.append(caught.value)
    await socks.close()
    connection = RedisConnection(REDIS)
    with pytest.raises(StoreError) as refused:
        await connection.execute("PING")
    await connection.close()
    for failure in (*failures, refused.value):
        assert_silent(shown(failure))


@pytest.mark.parametrize(
    "wrong",
    [
        {"app_secret": [SECRET]},
        {"app_secret": SECRET, "encrypt_key": [KEY]},
        {"app_secret": SECRET, "verification_token": {TOKEN: TOKEN}},
        {"app_secret": SECRET, "proxy": f"ftp://user:{PASSWORD}@host:1"},
        {"app_secret": SECRET, "proxy": f"http://user:{PASSWORD}@host:port"},
        {"app_secret": SECRET, "encrypt_key": KEY, "unknown": TOKEN},
        {"app_secret": SECRET, "domain": f"https://user:{PASSWORD}@host/path"},
    ],
)
def test_a_mistake_in_the_configuration_is_told_without_its_value(wrong):
    with pytest.raises(ConfigError) as caught:
        load_config({"feishu_bots": [{"app_id": APP, **wrong}]})
    assert_silent(shown(caught.value))


@pytest.mark.parametrize(
    "wrong",
    [
        {"feishu_store": f"redis://user:{PASSWORD}@host:port/0"},
        {"feishu_store": f"mysql://user:{PASSWORD}@host/0"},
        {"feishu_management_tokens": {CONTROL: []}},
        {"feishu_management_tokens": f'{{"{CONTROL}": ["*"]'},
        {"feishu_management_tokens": [CONTROL]},
        {"feishu_bots": f'[{{"app_id": "a", "app_secret": "{SECRET}"'},
    ],
)
def test_a_mistake_in_a_setting_is_told_without_its_value(wrong):
    with pytest.raises(ConfigError) as caught:
        load_config(wrong)
    assert_silent(shown(caught.value))


def test_parts_of_the_way_show_no_secret():
    url = f"wss://host/ws?access_key={TICKET}&service_id=1".encode()
    endpoint = parse_discovery(200, b'{"code": 0, "data": {"URL": "%s"}}' % url)
    assert TICKET in endpoint.url
    for part in (endpoint, Tokens({CONTROL: ["*"]}), vars(Tokens({CONTROL: ["*"]})), RedisConnection(REDIS).name):
        assert_silent(shown(part))
    assert_silent(shown(WebhookSecrets(SecretStr(KEY), SecretStr(TOKEN))))


class Strict(NoticeEvent):
    __event__ = "strict.event"

    needed: int


def test_an_event_that_fits_no_class_is_reported_without_its_token():
    registry, errors = EventRegistry(), []
    registry.add(Strict)
    payload = {"header": {"event_type": "strict.event", "token": TOKEN}, "event": 5, "needed": TOKEN}
    event = registry.parse(payload, on_fallback=lambda event_type, error: errors.append(error))
    assert isinstance(errors[0], ValidationError)
    with pytest.raises(ValidationError) as caught:
        Strict.model_validate(payload)
    for part in (*errors, caught.value):
        assert_silent(shown(part))
    payload["needed"] = ""
    for part in (event, event.get_event_description(), event.get_log_string()):
        assert TOKEN not in shown(part).replace(f"'needed': '{TOKEN}'", "").replace(f"needed='{TOKEN}'", "")


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_an_event_shows_no_verification_token(version):
    if version == "1.0":
        payload = {"uuid": "u", "token": TOKEN, "ts": "1", "type": "event_callback", "event": {"type": "message"}}
    else:
        payload = {"schema": "2.0", "header": {"event_type": "im.chat.updated_v1", "token": TOKEN}, "event": {}}
    event = Adapter.json_to_event(payload)
    assert event is not None
    assert event.header.token == TOKEN
    for part in (event, event.get_event_description(), event.get_log_string(), event.get_event_name()):
        assert_silent(shown(part))


def test_what_carries_an_event_does_not_show_it():
    """asyncio prints the arguments of a slow callback in its debug mode."""
    payload = f'{{"token": "{TOKEN}"}}'.encode()
    entry, envelope = Entry("key", APP, payload, 0.0), Envelope(bot_id=APP, payload=payload, transport="webhook")
    for part in (entry, envelope, Delivery(APP, {"token": TOKEN}, 1, identify({}))):
        assert_silent(shown(part))


def test_nonebots_own_sink_prints_no_local_variables():
    """With loguru's ``diagnose=True`` a traceback would show the values of all variables on its way."""
    code = (
        "import nonebot\n"
        "from nonebot.log import logger\n"
        f"def fail(secret): raise ValueError('said')\n"
        f"try: fail('{PASSWORD[::-1]}'[::-1])\n"
        "except ValueError: logger.exception('trouble')\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "ValueError: said" in result.stdout
    assert f"secret = '{PASSWORD}'" not in result.stdout
    assert "└" not in result.stdout
