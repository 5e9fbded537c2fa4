"""HTTP and WebSocket sessions, so that a bot's proxy serves REST and the long connection alike."""

from typing import Any
from urllib.parse import urlsplit

import aiohttp

from ..exception import NetworkError

SOCKS_EXTRA = "pip install 'nonebot-adapter-feishu-ws[socks]'"


def make_session(proxy: str | None = None, **connector: Any) -> aiohttp.ClientSession:
    """Create a session that keeps no cookies and ignores the environment's proxy variables.

    Args:
        proxy: ``http://`` or ``socks5://`` with ``[user:password@]host:port``; a SOCKS proxy resolves
            the names, so a machine without DNS works.
        connector: options of aiohttp's connector, such as ``limit``.

    Raises:
        NetworkError: it is a SOCKS proxy, and the extra ``socks`` is not installed.
    """
    cookies = aiohttp.DummyCookieJar()
    if proxy is None or not urlsplit(proxy).scheme.startswith("socks5"):
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(**connector), cookie_jar=cookies, proxy=proxy)
    try:
        from .socks import SocksConnector  # only a bot behind such a proxy needs the library
    except ImportError as error:
        raise NetworkError(f"a SOCKS proxy needs an extra package: {SOCKS_EXTRA}", sent=False) from error
    url = proxy.replace("socks5h://", "socks5://", 1)
    return aiohttp.ClientSession(connector=SocksConnector.from_url(url, rdns=True, **connector), cookie_jar=cookies)
