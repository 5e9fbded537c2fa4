"""The sandbox itself, where no other test uses it as the other end."""

import asyncio
import json
import socket
import sys

import aiohttp
import pytest

from nonebot_adapter_feishu_ws.sandbox import Sandbox, SandboxError, SandboxThread
from tests.conftest import APP, SECRET, wait_until


@pytest.fixture
async def http(sandbox):
    async with aiohttp.ClientSession(sandbox.url) as session:
        yield session


@pytest.fixture
async def api(sandbox, http):
    answer = await http.post(
        "/open-apis/auth/v3/tenant_access_token/internal", json={"app_id": APP, "app_secret": SECRET}
    )
    token = (await answer.json())["tenant_access_token"]

    async def call(method: str, path: str, **options):
        headers = {"Authorization": f"Bearer {token}"}
        async with http.request(method, f"/open-apis/{path}", headers=headers, **options) as response:
            return response.status, await response.json()

    return call


@pytest.fixture
def chat(sandbox):
    return sandbox.add_chat("Group", members=[sandbox.add_user("Li Lei")], apps=[APP])


def body(chat, msg_type: str, content: dict | str) -> dict:
    content = content if isinstance(content, str) else json.dumps(content)
    return {
        "params": {"receive_id_type": "chat_id"},
        "json": {"receive_id": chat.chat_id, "msg_type": msg_type, "content": content},
    }


@pytest.mark.parametrize(
    ("msg_type", "content", "code"),
    [
        ("text", {"text": "x"}, 0),
        ("text", {"text": ""}, 230001),
        ("text", {"txt": "x"}, 230001),
        ("text", "x", 230001),
        ("text", {"text": "x" * 160_000}, 230025),
        ("at", {"user_id": "ou"}, 230001),
        ("post", {"zh_cn": {"title": "", "content": [[{"tag": "text", "text": "x"}]]}}, 0),
        ("post", {"title": "", "content": []}, 230001),
        ("post", {"zh_cn": {"content": [[{"tag": "file", "file_key": "x"}]]}}, 230001),
        ("post", {"zh_cn": {"content": [[{"tag": "md", "text": "x"}, {"tag": "text", "text": "y"}]]}}, 230001),
        ("post", {"zh_cn": {"content": [[{"tag": "img", "image_key": "unknown"}]]}}, 230001),
        ("post", {"zh_cn": {"content": [[{"tag": "text", "text": "x" * 31_000}]]}}, 230025),
        ("image", {"image_key": "unknown"}, 230001),
        ("interactive", {"elements": []}, 0),
        ("interactive", {}, 0),
        ("share_user", {"user_id": "ou_unknown"}, 230001),
    ],
)
async def test_it_accepts_what_feishu_accepts_and_nothing_else(api, chat, msg_type, content, code):
    status, answer = await api("POST", "im/v1/messages", **body(chat, msg_type, content))
    assert answer["code"] == code
    assert (status == 200) is (code == 0)
    assert code == 0 or answer["error"]["log_id"]


async def test_a_uuid_is_delivered_once(api, chat, sandbox):
    request = body(chat, "text", {"text": "x"})
    request["json"]["uuid"] = "u1"
    first, second = [(await api("POST", "im/v1/messages", **request))[1] for _ in range(2)]
    assert first["data"]["message_id"] == second["data"]["message_id"]
    assert len(list(sandbox.world.history(chat.chat_id))) == 1


async def test_edits_are_counted_and_foreign_messages_protected(api, chat, sandbox):
    _, sent = await api("POST", "im/v1/messages", **body(chat, "text", {"text": "x"}))
    path = f"im/v1/messages/{sent['data']['message_id']}"
    edit = {"json": {"msg_type": "text", "content": '{"text": "y"}'}}
    codes = [(await api("PUT", path, **edit))[1]["code"] for _ in range(21)]
    assert codes == [0] * 20 + [230072]
    theirs = await sandbox.say(next(iter(sandbox.world.users.values())), chat, "mine")
    assert (await api("DELETE", f"im/v1/messages/{theirs.message_id}"))[1]["code"] == 230026


async def test_a_group_is_answered_with_all_documented_fields(api, chat, sandbox):
    _, answer = await api("GET", f"im/v1/chats/{chat.chat_id}", params={"user_id_type": "union_id"})
    group, owner = answer["data"], sandbox.world.users[chat.owner_id]
    names = (
        "avatar name description i18n_names add_member_permission share_card_permission at_all_permission "
        "edit_permission owner_id_type owner_id user_manager_id_list bot_manager_id_list group_message_type chat_mode "
        "chat_type chat_tag join_message_visibility leave_message_visibility membership_approval "
        "moderation_permission external tenant_key user_count bot_count restricted_mode_setting urgent_setting "
        "video_conference_setting hide_member_count_setting chat_status"
    )
    assert set(names.split()) == set(group)
    assert (group["owner_id_type"], group["owner_id"]) == ("union_id", owner.union_id)
    private = sandbox.world.add_chat("", "p2p", [owner.open_id], list(chat.apps))
    _, answer = await api("GET", f"im/v1/chats/{private.chat_id}")
    assert answer["data"]["chat_mode"] == "p2p"
    assert set(group) - set(answer["data"]) == {
        *("add_member_permission", "share_card_permission", "at_all_permission", "owner_id", "owner_id_type"),
        *("group_message_type", "chat_type", "chat_tag", "join_message_visibility", "leave_message_visibility"),
        "membership_approval",
    }


async def test_cards_reactions_chats_and_pages(api, chat):
    _, card = await api("POST", "im/v1/messages", **body(chat, "interactive", {"elements": [1]}))
    path = f"im/v1/messages/{card['data']['message_id']}"
    assert (await api("PATCH", path, json={"content": '{"elements": [2]}'}))[1]["code"] == 0
    _, reaction = await api("POST", f"{path}/reactions", json={"reaction_type": {"emoji_type": "OK"}})
    assert len((await api("GET", f"{path}/reactions"))[1]["data"]["items"]) == 1
    reaction_id = reaction["data"]["reaction_id"]
    assert (await api("DELETE", f"{path}/reactions/{reaction_id}"))[1]["code"] == 0
    assert (await api("DELETE", f"{path}/reactions/{reaction_id}"))[1]["code"] == 231011
    assert (await api("GET", f"im/v1/chats/{chat.chat_id}"))[1]["data"]["name"] == "Group"
    assert (await api("GET", "im/v1/chats/oc_none"))[1]["code"] == 232006
    assert (await api("GET", f"im/v1/chats/{chat.chat_id}/members"))[1]["data"]["member_total"] == 1
    for number in range(5):
        await api("POST", "im/v1/messages", **body(chat, "text", {"text": str(number)}))
    query = {"container_id_type": "chat", "container_id": chat.chat_id, "page_size": "4"}
    _, first = await api("GET", "im/v1/messages", params=query)
    _, second = await api("GET", "im/v1/messages", params={**query, "page_token": first["data"]["page_token"]})
    assert (len(first["data"]["items"]), len(second["data"]["items"]), second["data"]["has_more"]) == (4, 2, False)


async def test_receivers_by_every_kind_of_id(api, sandbox):
    user = sandbox.add_user("Han Meimei")
    kinds = {"open_id": user.open_id, "user_id": user.user_id, "union_id": user.union_id}
    chats = set()
    for kind, receiver in {**kinds, "email": f"{user.user_id}@sandbox"}.items():
        request = {"receive_id": receiver, "msg_type": "text", "content": '{"text": "x"}'}
        _, answer = await api("POST", "im/v1/messages", params={"receive_id_type": kind}, json=request)
        chats.add(answer["data"]["chat_id"])
    assert chats == {sandbox.p2p(user, APP).chat_id}


async def test_calls_without_a_good_token_are_refused(http):
    for headers, code in (({}, 99991661), ({"Authorization": "Bearer t-wrong"}, 99991663)):
        async with http.get("/open-apis/bot/v3/info", headers=headers) as response:
            assert (await response.json())["code"] == code
    async with http.get("/open-apis/no/such/path") as response:
        assert response.status == 404


async def test_unacked_events_come_again_and_end(sandbox, run_adapter):
    async with run_adapter():
        sandbox.half_open(APP)
        delivery = await sandbox.push(APP, "x", {})
        await wait_until(lambda: delivery.attempts == 4)
    assert delivery.ack_code is None


async def test_fifty_connections_and_no_more(sandbox, http):
    async def open_one():
        async with http.post("/callback/ws/endpoint", json={"AppID": APP, "AppSecret": SECRET}) as response:
            return await http.ws_connect((await response.json())["data"]["URL"])

    sockets = [await open_one() for _ in range(50)]
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await open_one()
    assert caught.value.headers is not None
    assert caught.value.headers["handshake-autherrcode"] == "1000040350"
    for held in sockets:
        await held.close()


async def test_a_url_serves_once(http):
    async with http.post("/callback/ws/endpoint", json={"AppID": APP, "AppSecret": SECRET}) as response:
        url = (await response.json())["data"]["URL"]
    await (await http.ws_connect(url)).close()
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await http.ws_connect(url)


async def test_the_page_answers_to_its_own_address_only(sandbox, http):
    sandbox.populate_default()
    async with http.get("/") as response:
        assert response.status == 200
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        async with http.get("/sandbox/v1/state", headers=headers) as response:
            assert response.status == 403
        async with http.post("/sandbox/v1/actions/say", headers=headers, data="{}") as response:
            assert response.status == 403


async def test_a_taken_port_is_explained():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        thread = SandboxThread(Sandbox(port=taken.getsockname()[1]))
        with pytest.raises(SandboxError, match="FEISHU_SANDBOX_PORT"):
            await asyncio.to_thread(thread.start)


async def test_the_command_runs_alone_and_prints_what_to_type():
    app = "cli_00000000000000aa:secret_x"
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "nonebot_adapter_feishu_ws.sandbox", "--port", "0", "--app", app),
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    lines = [(await asyncio.wait_for(child.stdout.readline(), 30)).decode() for _ in range(3)]
    child.terminate()
    await child.wait()
    assert "Sandbox page: http://127.0.0.1:" in lines[0]
    assert '"app_id": "cli_00000000000000aa"' in lines[2]
