"""Names of users and facts about chats, asked of the sandbox's contacts and chats."""

import pytest

from nonebot_adapter_feishu_ws import ActionFailed
from tests.conftest import APP


def asked(sandbox, path: str) -> int:
    return len([request for request in sandbox.requests if request.path == path])


async def test_names_and_chats_come_from_feishu_and_are_remembered(sandbox, run_adapter):
    user = sandbox.add_user("李雷")
    chat = sandbox.add_chat("Group", members=[user], apps=[APP])
    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        assert [await bot.get_user_name(user.open_id) for _ in range(2)] == ["李雷"] * 2
        info = await bot.get_chat_info(chat.chat_id)
        assert (info["name"], info["chat_mode"]) == ("Group", "group")
        info["name"] = "changed by a plugin"
        assert (await bot.get_chat_info(chat.chat_id))["name"] == "Group"
        assert asked(sandbox, f"contact/v3/users/{user.open_id}") == 1
        assert asked(sandbox, f"im/v1/chats/{chat.chat_id}") == 1


async def test_what_feishu_does_not_know_raises_each_time(sandbox, run_adapter):
    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        for _ in range(2):
            with pytest.raises(ActionFailed):
                await bot.get_user_name("ou_nobody")
            with pytest.raises(ActionFailed):
                await bot.get_chat_info("oc_nowhere")
    assert asked(sandbox, "contact/v3/users/ou_nobody") == 2
