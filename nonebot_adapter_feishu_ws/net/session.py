"""One way to make an HTTP and WebSocket session, so that a bot's proxy serves REST and the long connection alike."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import aiohttp


def make_session(proxy: str | None = None, **connector: Any) -> aiohttp.ClientSession:
    """A session that keeps no cookies and ignores the environment's proxy variables.

    Args:
        proxy: ``http://`` or ``socks5://`` with ``[user:password@]host:port``; a SOCKS proxy resolves
            the names, so a machine without DNS works.
        connector: options of aiohttp's connector, such as ``limit``.
    """
    if proxy is not None and urlsplit(proxy).scheme.startswith("socks5"):
        from .socks import SocksConnector  # only a bot behind such a proxy loads the library

        socks = SocksConnector.from_url(proxy.replace("socks5h://", "socks5://", 1), rdns=True, **connector)
        return aiohttp.ClientSession(connector=socks, cookie_jar=aiohttp.DummyCookieJar())
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(**connector), cookie_jar=aiohttp.DummyCookieJar(), proxy=proxy
    )
