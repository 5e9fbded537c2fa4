"""HTTP sessions: all bots with the same proxy share one, and one proxy setting serves REST and the long connection.

The requests run on the threads of ``pyreqwest``, outside of Python's lock.
"""

import os
from datetime import timedelta
from weakref import WeakValueDictionary

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.http import Url
from pyreqwest.proxy import ProxyBuilder
from pyreqwest.request import RequestBuilder
from pyreqwest.response import Response

CONNECT_TIMEOUT = 10.0
"""Seconds to connect: a call without a connection never reached Feishu, so it can always be tried again."""
IDLE_TIMEOUT = 25.0
"""Seconds for which an unused connection is kept, less than what lies between us and Feishu may keep it for."""
MAX_IDLE = 100
"""Unused connections that are kept for a host."""
_NAME = "nonebot-adapter-feishu-ws"


class HttpSession:
    """Pooled connections; it keeps no cookies, follows no redirects and ignores the environment's proxy variables.

    It belongs to no loop. Its connections close when nobody holds it any more.

    Attributes:
        proxy: the proxy's URL, which may contain a password; None for a direct connection.
    """

    def __init__(
        self, proxy: str | None = None, *, pinned: tuple[str, str, int] | None = None, decompress: bool = True
    ) -> None:
        """Open a session of its own; takes some 20 ms, for the certificates.

        Args:
            proxy: see :func:`shared_session`.
            pinned: a host, and the address and port to connect to instead of asking DNS.
            decompress: whether bodies are decompressed.
        """
        self.proxy: str | None = proxy
        self._client = _make_client(proxy, pinned, decompress)

    def request(self, method: str, url: Url | str) -> RequestBuilder:
        """Begin a request to a URL."""
        return self._client.request(method, url)


def shared_session(proxy: str | None = None) -> HttpSession:
    """The session of all bots that use a proxy, or none.

    Args:
        proxy: ``http://`` or ``socks5://`` with ``[user:password@]host:port``; a SOCKS proxy resolves the names, so a
            machine without DNS works.
    """
    # A certificate file that is named later must be read: the file is part of the key.
    key = (proxy, os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    if (session := _shared.get(key)) is None:
        session = _shared[key] = HttpSession(proxy)
    return session


_shared: WeakValueDictionary[tuple[str | None, ...], HttpSession] = WeakValueDictionary()


def header_of(response: Response, name: str) -> str:
    """The value of a header; empty without one, and for one that is not ASCII, which ``pyreqwest`` cannot read."""
    try:
        return response.get_header(name) or ""
    except ValueError:
        return ""


def headers_of(response: Response) -> dict[str, str]:
    """The headers that can be read, by their names in lower case."""
    return {name: value for name in response.headers if (value := header_of(response, name))}


def _make_client(proxy: str | None, pinned: tuple[str, str, int] | None, decompress: bool) -> Client:
    builder = (
        ClientBuilder()
        .no_proxy()
        .follow_redirects(False)
        .referer(False)
        .user_agent(_NAME)
        .connect_timeout(timedelta(seconds=CONNECT_TIMEOUT))
        .pool_idle_timeout(timedelta(seconds=IDLE_TIMEOUT))
        .pool_max_idle_per_host(MAX_IDLE)
    )
    if proxy is not None:
        # To reqwest, only the h in socks5h:// means that the proxy resolves the names.
        builder.proxy(ProxyBuilder.all(proxy.replace("socks5://", "socks5h://", 1)))
    if pinned is not None:
        builder.resolve(*pinned)
    if not decompress:
        builder.gzip(False).brotli(False).zstd(False).deflate(False)
    return builder.build()
