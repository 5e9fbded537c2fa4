"""The door to the SDK: lazy, with our token and domain."""

import subprocess
import sys

import pytest
from pydantic import SecretStr

from nonebot_adapter_feishu_ws import ApiNotAvailable
from nonebot_adapter_feishu_ws.net import lark_sdk as sdk
from tests.conftest import APP


def test_importing_the_adapter_imports_no_sdk():
    code = "import sys, nonebot_adapter_feishu_ws; print('lark_oapi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


async def test_the_typed_client_speaks_with_our_token_and_domain(sandbox, run_adapter):
    from lark_oapi.api.im.v1 import ListChatRequest

    group = sandbox.add_chat("Group", members=[sandbox.add_user("Li Lei")], apps=[APP])
    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        lark = await bot.get_lark()
        asked = len([r for r in sandbox.requests if r.path.startswith("auth/")])
        response = await lark.im.v1.chat.alist(ListChatRequest.builder().build())
        assert response.success(), response.msg
        assert [item.chat_id for item in response.data.items] == [group.chat_id]
        assert await bot.get_lark() is lark
        assert len([r for r in sandbox.requests if r.path.startswith("auth/")]) == asked, "the SDK asked for no token"


async def test_a_missing_sdk_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "lark_oapi", None)
    with pytest.raises(ApiNotAvailable, match="pip install 'lark-oapi"):
        await sdk.make_client("cli_a", SecretStr("s"), "https://open.feishu.cn", timeout=1)
