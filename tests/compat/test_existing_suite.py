"""The public test suite of the existing NoneBot Feishu adapter, passed by this one.

The cases are those of nonebot/adapter-feishu's ``tests/`` (MIT License, Copyright (c) 2021 NoneBot), as data. What
differs from there says so, and stands in docs/en/moving-over.md.
"""

import json
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest
from nonebot.compat import type_validate_python
from nonebot.config import Config, Env
from nonebot.drivers.fastapi import Driver as FastAPIDriver
from nonebot.drivers.none import Driver

from nonebot_adapter_feishu_ws import (
    Adapter,
    Bot,
    EventHeader,
    GroupMessageEvent,
    GroupMessageEventDetail,
    Message,
    PrivateMessageEvent,
    PrivateMessageEventDetail,
)
from nonebot_adapter_feishu_ws.config import BotConfig
from nonebot_adapter_feishu_ws.event import check_at_me, check_nickname
from nonebot_adapter_feishu_ws.exception import ConnectionFailed
from nonebot_adapter_feishu_ws.models import BotInfo, GroupEventMessage, Mention, PrivateEventMessage, Sender, UserId
from nonebot_adapter_feishu_ws.transport import frame as frames
from nonebot_adapter_feishu_ws.transport.endpoint import parse_discovery
from nonebot_adapter_feishu_ws.utils import AESCipher, f2b
from tests.conftest import APP, SECRET, serving

BOT_CONFIG = {"app_id": "app_id_tome", "app_secret": "secret_tome", "verification_token": "token_tome"}
BOT_INFO = {
    "activate_status": 2,
    "app_name": "app_name",
    "avatar_url": "https://s1-imfile.feishucdn.com/static-resource/v1/x",
    "ip_white_list": [],
    "open_id": "open_id",
}
PERSON = {"open_id": "open_id", "union_id": "union_id", "user_id": "user_id"}


def received(text: str, *, mention: bool) -> dict:
    mentions = [{"id": PERSON, "key": "@_user_1", "name": "bot", "tenant_key": "tenant_key"}]
    return {
        "schema": "2.0",
        "header": {
            "event_id": "event",
            "token": "token",
            "create_time": "1708251664941",
            "event_type": "im.message.receive_v1",
            "tenant_key": "tenant_key",
            "app_id": "app_id_tome",
        },
        "event": {
            "message": {
                "chat_id": "oc_chat",
                "chat_type": "group",
                "content": json.dumps({"text": text}),
                "create_time": "1708251664735",
                "message_id": "om_message",
                "message_type": "text",
                "update_time": "1708251664735",
                **({"mentions": mentions} if mention else {}),
            },
            "sender": {
                "sender_id": {"open_id": "ou_sender", "union_id": "on_sender", "user_id": "sender"},
                "sender_type": "user",
                "tenant_key": "tenant_key",
            },
        },
    }


@pytest.fixture
def bot() -> Bot:
    """As there, but for the nickname and the domain: here the configuration does not change while the bot runs."""
    settings = {"nickname": ["bot"], "feishu_bots": [BOT_CONFIG], "feishu_store": "memory://"}
    adapter = Adapter(Driver(Env(environment="test"), Config.model_validate(settings)))
    return Bot(
        adapter,
        BOT_CONFIG["app_id"],
        bot_config=type_validate_python(BotConfig, BOT_CONFIG),
        bot_info=type_validate_python(BotInfo, BOT_INFO),
    )


@pytest.mark.parametrize(
    ("payload", "to_me_by_at", "to_me_by_name", "text"),
    [
        (received("bot /say 12345", mention=False), False, True, "/say 12345"),
        (received("@_user_1 /say 34567", mention=True), True, False, "/say 34567"),
    ],
)
async def test_a_message_is_parsed_and_meant_for_the_bot(bot, payload, to_me_by_at, to_me_by_name, text):
    """The checks have no underscore here, and take what they need instead of the bot."""
    event = Adapter.json_to_event(payload)
    assert type(event).__name__ == "GroupMessageEvent"
    check_at_me(event, bot.bot_info.open_id)
    assert event.to_me is to_me_by_at
    event = Adapter.json_to_event(payload)
    check_nickname(event, bot.config.nickname)
    assert event.to_me is to_me_by_name
    check_at_me(event, bot.bot_info.open_id)
    assert event.get_plaintext() == text
    assert await bot.fetch_reply(event) is event.reply is None  # and asks Feishu nothing: it quotes no message


async def test_the_webhook_answers_the_challenge_and_the_bot_is_there(sandbox, run_adapter):
    """The challenge carries the app's token: here it is checked. Without the socket the bot is there at once."""
    config = {"app_id": APP, "app_secret": SECRET, "verification_token": "token", "protocol": "http"}
    challenge = {"challenge": "3a-99c46f", "token": "token", "type": "url_verification"}
    async with run_adapter([config], driver=FastAPIDriver) as adapter, serving(adapter) as url:
        async with aiohttp.ClientSession() as session:
            for token, status in (("token", 200), ("another", 401)):
                answer = await session.post(f"{url}/feishu/{APP}", json={**challenge, "token": token})
                assert answer.status == status
        assert [*adapter.bots] == [APP]
        adapter.bot_disconnect(adapter.bots[APP])
        assert not adapter.bots  # and the shutdown does not fail for a bot that is gone


@pytest.mark.parametrize(
    ("text", "mentioned", "parts"),
    [
        ("/cmd email@example.com", False, [("text", "/cmd email@example.com")]),
        ("@_user_1 hello", True, [("at", "ou_123"), ("text", " hello")]),
        ("@_user_1 send to user@example.com", True, [("at", "ou_123"), ("text", " send to user@example.com")]),
    ],
)
def test_only_a_mention_becomes_an_at(text, mentioned, parts):
    who = UserId(open_id="ou_123", user_id="uid", union_id="uid")
    mentions = [Mention(key="@_user_1", id=who, name="Bot", tenant_key="tk")] if mentioned else None
    message = Message.deserialize(json.dumps({"text": text}), mentions, "text")
    assert [(part.type, part.data["user_id" if part.type == "at" else "text"]) for part in message] == parts


@pytest.mark.parametrize("key", ["test key", b"test key"])
def test_a_webhooks_body_is_decrypted(key):
    assert AESCipher(key).decrypt_string("P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=") == "hello world"
    with pytest.raises(ValueError, match="adding"):
        AESCipher("another key").decrypt_string("P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=")


@pytest.mark.parametrize("as_source", [bytes, BytesIO, str, Path])
def test_a_file_becomes_bytes(as_source, tmp_path):
    path = tmp_path / "f.txt"
    path.write_bytes(b"content")
    source = as_source(b"content") if as_source in (bytes, BytesIO) else as_source(path)
    assert f2b(source) == b"content"
    assert as_source is not bytes or f2b(source) is source


# The long connection: the parts have other names here.


@pytest.mark.parametrize(("method", "kind", "payload"), [(0, "ping", b""), (1, "event", b'{"header":{}}')])
def test_a_frame_survives_the_wire(method, kind, payload):
    frame = frames.Frame(SeqID=1, LogID=1, service=1, method=method, payload=payload)
    frame.headers.add(key="type", value=kind)
    again = frames.decode(frame.SerializeToString())
    assert (again.SeqID, again.service, again.method, again.payload) == (1, 1, method, payload)
    assert [(header.key, header.value) for header in again.headers] == [("type", kind)]
    with pytest.raises(frames.FrameError):
        frames.decode(b"invalid\x00\x01")


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_fragments_are_joined_in_any_order(order):
    buffer, parts = frames.FragmentBuffer(), (b"hel", b"lo")
    assert buffer.add("m1", 2, order[0], parts[order[0]]) is None
    assert buffer.add("m1", 2, order[1], parts[order[1]]) == b"hello"
    assert buffer.add("m2", 1, 0, b"hello") == b"hello"


def test_an_event_is_acked_with_its_own_frame():
    frame = frames.Frame(SeqID=42, LogID=0, service=1, method=frames.DATA, payload=b"{}")
    frame.headers.add(key="type", value="event")
    ack = frames.decode(frames.encode_ack(frame))
    assert ack.SeqID == 42
    assert frames.get_header(ack, "biz_rt") == "0"
    assert json.loads(ack.payload) == {"code": 200}


def test_discovery_gives_the_connections_address_and_times():
    url = "wss://gateway.open.feishu.cn?device_id=dev1&service_id=2"
    times = {"PingInterval": 90, "ReconnectCount": -1, "ReconnectInterval": 90, "ReconnectNonce": 25}
    answer = {"code": 0, "msg": "ok", "data": {"URL": url, "ClientConfig": times}}
    endpoint = parse_discovery(200, json.dumps(answer).encode())
    assert (endpoint.url, endpoint.service_id, endpoint.client_config.ping_interval) == (url, 2, 90)


@pytest.mark.parametrize(
    "answer", ["not a dict", {"code": 1, "msg": "error", "data": None}, {"code": 0, "msg": "ok", "data": None}]
)
def test_discovery_without_an_address_fails(answer):
    """With an exception of NoneBot's kind instead of a ``RuntimeError``."""
    with pytest.raises(ConnectionFailed):
        parse_discovery(200, json.dumps(answer).encode())


@pytest.mark.parametrize(
    ("event_class", "detail_class", "message_class", "chat_type"),
    [
        (GroupMessageEvent, GroupMessageEventDetail, GroupEventMessage, "group"),
        (PrivateMessageEvent, PrivateMessageEventDetail, PrivateEventMessage, "p2p"),
    ],
)
def test_events_are_built_as_the_tests_of_other_plugins_build_them(event_class, detail_class, message_class, chat_type):
    """By keywords, with the classes of ``models``: so do the suites of plugins that support the existing adapter."""
    person = UserId(open_id="ou_1", union_id="on_1", user_id="u1")
    event = event_class(
        schema="2.0",
        header=EventHeader(
            event_id="e",
            event_type="im.message.receive_v1",
            create_time="123456",
            token="t",
            app_id="a",
            tenant_key="k",
        ),
        event=detail_class(
            sender=Sender(sender_id=person, tenant_key="k", sender_type="user"),
            message=message_class(
                message_id="om_1",
                root_id="r",
                parent_id="p",
                create_time="123456",
                chat_id="oc_1",
                chat_type=chat_type,
                message_type="text",
                content='{"text":"/test"}',
                mentions=None,
            ),
        ),
        reply=None,
    )
    assert (event.get_plaintext(), event.get_user_id(), event.chat_id) == ("/test", "ou_1", "oc_1")
    assert event.get_event_name() == f"message.{chat_type}"
