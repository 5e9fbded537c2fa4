"""Sessions with and without a proxy; a SOCKS proxy needs the extra ``socks``."""

import sys

import pytest

from nonebot_adapter_feishu_ws import ConnectionState
from nonebot_adapter_feishu_ws.exception import NetworkError
from nonebot_adapter_feishu_ws.net.session import SOCKS_EXTRA, make_session
from tests.conftest import APP, SECRET, wait_until

PROXY = "socks5://user:hunter2@127.0.0.1:9"
B = "cli_b"


@pytest.fixture
def without_extra(monkeypatch: pytest.MonkeyPatch):
    """As if ``aiohttp-socks`` were not installed."""
    monkeypatch.delitem(sys.modules, "nonebot_adapter_feishu_ws.net.socks", raising=False)
    monkeypatch.setitem(sys.modules, "aiohttp_socks", None)


async def test_with_the_extra_a_socks_proxy_has_a_session():
    async with make_session(PROXY) as session:
        assert type(session.connector).__name__ == "SocksConnector"


@pytest.mark.usefixtures("without_extra")
@pytest.mark.parametrize("proxy", [None, "http://127.0.0.1:9"])
async def test_without_the_extra_everything_else_works(proxy):
    async with make_session(proxy) as session:
        assert not session.closed


@pytest.mark.usefixtures("without_extra")
@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_without_the_extra_a_socks_proxy_names_the_line_to_type(scheme):
    with pytest.raises(NetworkError) as caught:
        make_session(PROXY.replace("socks5", scheme))
    assert SOCKS_EXTRA in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.sent is False


@pytest.mark.usefixtures("without_extra")
async def test_without_the_extra_that_bot_alone_fails_and_start_says_why(sandbox, run_adapter, logs):
    sandbox.add_app(B, "b")
    bots = [{"app_id": APP, "app_secret": SECRET, "proxy": PROXY}, {"app_id": B, "app_secret": "b"}]
    async with run_adapter(bots, connected=False) as adapter:
        await wait_until(lambda: adapter.connections.is_connected(B))
        await wait_until(lambda: adapter.connections.get_status(APP).state is ConnectionState.ERROR)
        status = adapter.connections.get_status(APP)
        assert status.next_attempt_at is None, "it needs a person: no attempt before a restart"
        assert SOCKS_EXTRA in (status.error or "")
        assert adapter.connections.is_connected(B)
    [line] = [line for line in logs if SOCKS_EXTRA in line]
    assert APP in line
    assert "hunter2" not in "".join(logs)
