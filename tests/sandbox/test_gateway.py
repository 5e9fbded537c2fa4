"""What every client may count on at the gateway and the token routes, and what becomes of what is malformed."""

import json

import aiohttp
import pytest

from nonebot_adapter_feishu_ws.transport.frame import CONTROL, DATA, Frame
from tests.conftest import APP, SECRET

ENDPOINT = "/callback/ws/endpoint"
TOKENS = "/open-apis/auth/v3"
CREDENTIALS = {"app_id": APP, "app_secret": SECRET}


@pytest.fixture
async def http(sandbox):
    async with aiohttp.ClientSession(sandbox.url) as session:
        yield session


@pytest.fixture
async def socket(http):
    async with http.post(ENDPOINT, json={"AppID": APP, "AppSecret": SECRET}) as response:
        url = (await response.json())["data"]["URL"]
    async with http.ws_connect(url) as opened:
        yield opened


def short_frame(method: int, headers: dict[str, str], payload: bytes = b"") -> bytes:
    """A frame as a proto3 client writes it: without the fields that are zero."""
    frame = Frame(service=33554678, payload=payload)
    if method:
        frame.method = method
    for key, value in headers.items():
        frame.headers.add(key=key, value=value)
    return frame.SerializePartialToString()


async def test_the_url_has_a_ticket_and_the_name_by_which_the_client_came(sandbox, http):
    body = {"AppID": APP, "AppSecret": SECRET}
    async with http.post(ENDPOINT, json=body, headers={"Host": "open.feishu.cn"}) as response:
        url = (await response.json())["data"]["URL"]
    assert url.startswith("ws://open.feishu.cn/ws/v2?")
    assert "&ticket=" in url


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"AppID": "cli_x", "AppSecret": "x"}', 514),
        (b"not JSON", 1000040344),
        (b"", 1000040344),
        (b"[]", 1000040344),
        (b"\xff", 1000040344),
        (b"[" * 100_000, 1000040344),
    ],
)
async def test_a_refused_discovery_has_data(http, body, code):
    async with http.post(ENDPOINT, data=body) as response:
        answer = await response.json()
    assert (response.status, answer["code"], answer["data"]) == (200, code, {})


async def test_a_scripted_refusal_has_data(sandbox, http):
    sandbox.faults.add("discovery", code=1)
    async with http.post(ENDPOINT, json={}) as response:
        assert (await response.json())["data"] == {}


async def test_a_handshake_with_a_wrong_service_id_is_refused_in_words(http):
    async with http.post(ENDPOINT, json={"AppID": APP, "AppSecret": SECRET}) as response:
        url = (await response.json())["data"]["URL"]
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await http.ws_connect(url.replace("service_id=33554678", "service_id=x"))


async def test_a_pong_always_carries_the_configuration(socket):
    await socket.send_bytes(short_frame(CONTROL, {"type": "ping"}))
    pong = Frame.FromString((await socket.receive(5)).data)
    assert json.loads(pong.payload) == {
        "ReconnectCount": -1,
        "ReconnectInterval": 120,
        "ReconnectNonce": 30,
        "PingInterval": 120,
    }


async def test_an_ack_without_its_zero_fields_is_read(sandbox, socket):
    delivery = await sandbox.push(APP, "im.chat.updated_v1", {})
    headers = {header.key: header.value for header in Frame.FromString((await socket.receive(5)).data).headers}
    await socket.send_bytes(short_frame(DATA, headers, b'{"code":200,"data":""}'))
    await delivery.wait(5)
    assert delivery.attempts == 1


async def test_what_is_dropped_is_logged_and_the_socket_lives(sandbox, socket, logs):
    delivery = await sandbox.push(APP, "im.chat.updated_v1", {})
    headers = {header.key: header.value for header in Frame.FromString((await socket.receive(5)).data).headers}
    await socket.send_str("hello")
    await socket.send_bytes(b"\xff\xff")
    for payload in (b"", b"ok", b'{"code":200,"data":"bm90IEpTT04="}', b'{"code":200,"data":"x"}'):
        await socket.send_bytes(short_frame(DATA, headers, payload))
    await socket.send_bytes(short_frame(DATA, {"message_id": "nobody"}, b"{}"))
    await socket.send_bytes(short_frame(DATA, headers, b'{"code":200}'))
    await delivery.wait(5)
    dropped = [line for line in logs if "The sandbox dropped" in line]
    for words in (
        "a TEXT message",
        "not a pbbp2.Frame",
        "is not JSON",
        "not JSON in base64",
        "no event 'nobody' waits",
    ):
        assert any(words in line for line in dropped), words


@pytest.mark.parametrize("end", ["", "/"])
@pytest.mark.parametrize("path", ["tenant_access_token/internal", "app_access_token/internal"])
async def test_a_self_built_app_gets_its_tokens_with_and_without_a_slash(http, path, end):
    async with http.post(f"{TOKENS}/{path}{end}", json=CREDENTIALS) as response:
        answer = await response.json()
    assert (answer["code"], answer["expire"]) == (0, 7200)
    token = answer[path.partition("/")[0]]
    async with http.get("/open-apis/bot/v3/info", headers={"Authorization": f"Bearer {token}"}) as response:
        assert (await response.json())["code"] == 0


@pytest.mark.parametrize("end", ["", "/"])
async def test_a_store_app_gets_its_tokens_with_and_without_a_slash(sandbox, http, end):
    app = sandbox.add_app("cli_00000000000000aa", "store-secret", is_store=True)
    tenant = sandbox.world.users[sandbox.add_user("Li Lei").open_id].tenant_key
    credentials = {"app_id": "cli_00000000000000aa", "app_secret": "store-secret"}
    async with http.post(f"{TOKENS}/app_ticket/resend{end}", json=credentials) as response:
        assert (await response.json())["code"] == 0
    async with http.post(
        f"{TOKENS}/app_access_token{end}", json={**credentials, "app_ticket": app.app_ticket}
    ) as answer:
        token = (await answer.json())["app_access_token"]
    body = {"app_access_token": token, "tenant_key": tenant}
    async with http.post(f"{TOKENS}/tenant_access_token{end}", json=body) as response:
        assert (await response.json())["code"] == 0


@pytest.mark.parametrize("raw", [b"not JSON", b"\xff", b"[" * 100_000])
@pytest.mark.parametrize(
    "path",
    ["auth/v3/tenant_access_token/internal/", "auth/v3/app_access_token", "im/v1/messages?receive_id_type=chat_id"],
)
async def test_a_body_that_is_not_json_gets_feishus_error(http, path, raw):
    async with http.post(f"{TOKENS}/tenant_access_token/internal", json=CREDENTIALS) as response:
        token = (await response.json())["tenant_access_token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    async with http.post(f"/open-apis/{path}", data=raw, headers=headers) as response:
        answer = await response.json()
    assert (response.status, answer["code"]) == (400, 9499)
    assert answer["error"]["log_id"]


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=x", "multipart/mixed"])
async def test_a_broken_form_gets_feishus_error(http, kind):
    async with http.post(f"{TOKENS}/tenant_access_token/internal", json=CREDENTIALS) as response:
        token = (await response.json())["tenant_access_token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
    async with http.post("/open-apis/im/v1/images", data=b"not a form", headers=headers) as response:
        assert response.status == 400
        assert (await response.json())["code"]
