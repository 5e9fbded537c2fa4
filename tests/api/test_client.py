"""REST against the sandbox: results, errors, trouble on the way."""

import asyncio
import json

import pytest
from pydantic import SecretStr

from nonebot_adapter_feishu_ws import ActionFailed, ApiNotAvailable, NetworkError
from nonebot_adapter_feishu_ws.api import ONCE, ApiClient, RetryPolicy, get_bot_info
from nonebot_adapter_feishu_ws.api.http import _with_query
from nonebot_adapter_feishu_ws.exception import ActionFailed as Failed
from tests.conftest import APP, SECRET


@pytest.fixture
async def client(sandbox):
    twice = RetryPolicy(attempts=2, first_delay=0.01, deadline=0.9)
    made = ApiClient(app_id=APP, app_secret=SecretStr(SECRET), origin=sandbox.url, timeout=5, retry=twice)
    yield made
    await made.close()


def sent(sandbox, path: str) -> list:
    return [request for request in sandbox.requests if request.path.startswith(path)]


@pytest.fixture
def chat(sandbox):
    return sandbox.add_chat("Group", members=[sandbox.add_user("Li Lei")], apps=[APP])


def message(chat, text: str = "hi", **more) -> dict:
    body = {"receive_id": chat.chat_id, "msg_type": "text", "content": json.dumps({"text": text}), **more}
    return {"method": "POST", "params": {"receive_id_type": "chat_id"}, "json": body}


async def test_a_result_is_feishus_whole_body_with_the_message_id_on_top(client, chat):
    result = await client.call("im/v1/messages", **message(chat))
    assert result["code"] == 0
    assert result["message_id"] == result["data"]["message_id"]


async def test_query_and_body_are_other_names(client, chat):
    args = message(chat)
    result = await client.call("/open-apis/im/v1/messages", method="POST", query=args["params"], body=args["json"])
    assert result["data"]["chat_id"] == chat.chat_id


async def test_the_bots_profile(client, sandbox):
    info = await get_bot_info(client)
    assert (info.open_id, info.app_name) == (sandbox.world.apps[APP].bot_open_id, "Bot A")


async def test_an_error_carries_everything(client, chat, sandbox):
    chat.apps.clear()
    with pytest.raises(ActionFailed) as caught:
        await client.call("im/v1/messages", **message(chat))
    error = caught.value
    assert (error.code, error.status_code, error.request) == (230002, 400, "POST /open-apis/im/v1/messages")
    assert error.log_id
    assert error.info["code"] == 230002
    for part in ("230002", "not in the chat", "Add the bot", error.log_id):
        assert part in str(error)


def test_missing_scopes_and_the_grant_page_are_named():
    body = {
        "code": 99991672,
        "msg": "Access denied.",
        "error": {
            "log_id": "2024",
            "troubleshooter": "https://open.feishu.cn/search?log_id=2024",
            "permission_violations": [{"type": "action_privilege_required", "subject": "im:chat:readonly"}],
            "helps": [{"url": "https://open.feishu.cn/app/cli_a/auth?q=im:chat:readonly", "description": "grant"}],
        },
    }
    error = Failed(code=99991672, msg="Access denied.", body=body, request="GET /open-apis/im/v1/chats")
    assert error.missing_scopes == ["im:chat:readonly"]
    for part in ("im:chat:readonly", "权限管理", "auth?q=im:chat:readonly", "2024"):
        assert part in str(error)


@pytest.mark.parametrize("error", [None, [], {"permission_violations": {}, "helps": [1, {"url": 5}]}])
def test_odd_error_bodies_do_no_harm(error):
    assert Failed(code=5, msg="x", body={"code": 5, "error": error}).missing_scopes == []


async def test_B8_an_error_in_a_200_is_an_error(client, sandbox):
    """The existing adapter returns a code other than 0 as a success."""
    sandbox.faults.add("bot/v3/info", code=99991400, status=200)
    with pytest.raises(ActionFailed, match="too often"):
        await client.call("bot/v3/info")


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"body": b"<html>gateway</html>", "status": 502}, "HTTP 502"),
        ({"body": b"<html>login</html>"}, "HTTP 200"),
        ({"status": 503}, "HTTP 503"),
        ({"drop": "before"}, "closed the connection"),
    ],
)
async def test_no_usable_answer_is_a_network_error(client, sandbox, fault, says):
    await client.token.get()
    sandbox.faults.add("bot/v3/info", times=-1, **fault)
    with pytest.raises(NetworkError, match=says):
        await client.call("bot/v3/info")


async def test_a_time_out_is_a_network_error(client, sandbox):
    await client.token.get()
    sandbox.faults.add("bot/v3/info", times=2, hang=True)
    with pytest.raises(NetworkError, match="did not answer in time"):
        await client.call("bot/v3/info", _timeout=0.1)


async def test_a_refused_connection_names_the_host(sandbox):
    client = ApiClient(app_id=APP, app_secret=SecretStr(SECRET), origin="http://127.0.0.1:9", retry=ONCE)
    with pytest.raises(NetworkError, match=r"127\.0\.0\.1:9 refused the connection"):
        await client.call("bot/v3/info")
    await client.close()


async def test_a_send_that_is_cut_after_the_server_acted_is_delivered_once(client, sandbox, chat):
    await client.token.get()
    sandbox.faults.add("im/v1/messages", drop="after")
    result = await client.call("im/v1/messages", **message(chat, uuid="u1"))
    assert len(list(sandbox.world.history(chat.chat_id))) == 1
    assert result["message_id"] in sandbox.world.messages


async def test_a_send_without_uuid_is_not_repeated(client, sandbox, chat):
    await client.token.get()
    sandbox.faults.add("im/v1/messages", drop="after")
    with pytest.raises(NetworkError):
        await client.call("im/v1/messages", **message(chat))
    assert len(list(sandbox.world.history(chat.chat_id))) == 1


async def test_a_token_is_fetched_once_for_a_hundred_callers(client, sandbox):
    await asyncio.gather(*(client.call("bot/v3/info") for _ in range(100)))
    assert len(sent(sandbox, "auth/v3")) == 1


async def test_a_token_revoked_under_a_hundred_callers_is_refreshed_once(client, sandbox):
    await client.call("bot/v3/info")
    sandbox.expire_tokens(APP)
    await asyncio.gather(*(client.call("bot/v3/info") for _ in range(100)))
    assert len(sent(sandbox, "auth/v3")) == 2


async def test_a_token_error_that_stays_is_raised_after_one_retry(client, sandbox):
    sandbox.faults.add("bot/v3/info", times=-1, code=99991663)
    with pytest.raises(ActionFailed, match="99991663"):
        await client.call("bot/v3/info")
    assert len(sent(sandbox, "auth/v3")) == 2


async def test_a_wrong_secret_says_where_the_right_one_is(sandbox):
    client = ApiClient(app_id=APP, app_secret=SecretStr("wrong-secret"), origin=sandbox.url)
    with pytest.raises(ActionFailed, match="凭证与基础信息") as caught:
        await client.call("bot/v3/info")
    assert caught.value.code == 10014
    assert "wrong-secret" not in str(caught.value)
    await client.close()


@pytest.mark.parametrize("path", ["https://evil.example/steal", "http://x/y", "//evil.example/x"])
async def test_the_token_never_travels_to_a_host_that_a_caller_names(client, sandbox, path):
    with pytest.raises(ApiNotAvailable, match="full URL"):
        await client.call(path)
    assert not sandbox.requests


async def test_files_go_up_and_down(client, sandbox, chat):
    up = await client.call(
        "im/v1/files", method="POST", data={"file_type": "stream", "file_name": "名.txt"}, files={"file": b"words"}
    )
    key = up["data"]["file_key"]
    assert await client.call(f"im/v1/files/{key}") == b"words"
    assert sandbox.world.files[key].name == "名.txt"
    as_tuple = await client.call(
        "im/v1/images", method="POST", data={"image_type": "message"}, files=[("image", ("a.png", b"png", "image/png"))]
    )
    response = await client.call(f"im/v1/images/{as_tuple['data']['image_key']}", _return_response=True)
    assert (response.status_code, response.content) == (200, b"png")
    with pytest.raises(ValueError, match="is empty"):
        await client.call(
            "im/v1/files", method="POST", data={"file_type": "stream", "file_name": "e"}, files={"file": b""}
        )


@pytest.mark.parametrize("size", [None, 0, 10 * 1024 * 1024 + 1], ids=["missing", "empty", "too large"])
async def test_a_bad_upload_is_refused_before_anything_is_sent(client, sandbox, tmp_path, size):
    """Not even a token is asked for, and no gate is waited at."""
    path = tmp_path / "picture.png"
    if size is not None:
        path.write_bytes(b"x" * size)
    with pytest.raises(ValueError, match=r"cannot be read|is empty|at most 10 MB"):
        await client.call("im/v1/images", method="POST", data={"image_type": "message"}, files={"image": path})
    assert list(sandbox.requests) == []


async def test_bot_methods_reach_their_endpoints(sandbox, run_adapter, chat, tmp_path):
    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        first = await bot.send_msg("chat_id", chat.chat_id, '{"text":"a"}', "text")
        message_id = first["message_id"]
        await bot.reply_msg(message_id, '{"text":"b"}', "text")
        await bot.edit_msg(message_id, '{"text":"c"}', "text")
        assert (await bot.get_msg(message_id))["data"]["items"][0]["body"]["content"] == '{"text": "c"}'
        assert len((await bot.get_msgs("chat", chat.chat_id))["data"]["items"]) == 2
        assert (await bot.get_msg_read_users(message_id, "open_id"))["data"]["items"] == []
        reader = sandbox.world.users[chat.members[0]]
        await sandbox.read(reader, chat)
        (read,) = (await bot.get_msg_read_users(message_id, "open_id"))["data"]["items"]
        assert read["user_id"] == reader.open_id
        assert (await bot.forward_msg(message_id, chat.chat_id, "chat_id"))["message_id"]
        assert (await bot.merge_forward_msg("chat_id", chat.chat_id, [message_id]))["code"] == 0
        (tmp_path / "f.txt").write_bytes(b"from a path")
        key = (await bot.post_file("stream", "f.txt", tmp_path / "f.txt"))["data"]["file_key"]
        assert await bot.get_file(key) == b"from a path"
        carried = await bot.send_msg("chat_id", chat.chat_id, json.dumps({"file_key": key}), "file")
        assert await bot.get_msg_resource(carried["message_id"], key, "file") == b"from a path"
        await bot.delete_msg(message_id)
        with pytest.raises(ActionFailed, match="recalled"):
            await bot.reply_msg(message_id, '{"text":"b"}', "text")


async def test_hooks_see_the_rest_path(sandbox, run_adapter, chat):
    from nonebot_adapter_feishu_ws import Bot

    seen = []

    async def hook(bot, api, data):
        seen.append((api, data["json"]["msg_type"]))

    Bot._calling_api_hook.add(hook)
    try:
        async with run_adapter() as adapter:
            await adapter.bots[APP].send_msg("chat_id", chat.chat_id, '{"text":"a"}', "text")
    finally:
        Bot._calling_api_hook.discard(hook)
    assert seen == [("im/v1/messages", "text")]


@pytest.mark.parametrize(
    ("path", "params", "query"),
    [
        ("bot/v3/info?a=1", {"b": 2}, "a=1&b=2"),
        ("bot/v3/info", [("ids", "x"), ("ids", "y")], "ids=x&ids=y"),
        ("bot/v3/info", {"ids": ["x", "y"], "all": True, "none": None}, "ids=x&ids=y&all=true"),
        ("bot/v3/info", {"text": "中 &="}, "text=%E4%B8%AD+%26%3D"),
    ],
)
def test_a_query_in_every_form(path, params, query):
    assert _with_query(path, params) == f"bot/v3/info?{query}"


async def test_a_bot_whose_calls_hang_takes_no_place_from_another(sandbox, monkeypatch):
    monkeypatch.setattr("nonebot_adapter_feishu_ws.api.http.MAX_CONNECTIONS", 1)
    sandbox.add_app("cli_b", "b")
    stuck = ApiClient(app_id=APP, app_secret=SecretStr(SECRET), origin=sandbox.url, retry=ONCE)
    other = ApiClient(app_id="cli_b", app_secret=SecretStr("b"), origin=sandbox.url, retry=ONCE)
    await stuck.token.get()
    sandbox.faults.add("bot/v3/info", hang=True, times=1)
    hanging = asyncio.create_task(stuck.call("bot/v3/info"))
    await asyncio.sleep(0.1)
    assert (await other.call("bot/v3/info", _timeout=5))["code"] == 0
    hanging.cancel()
    await asyncio.gather(hanging, return_exceptions=True)
