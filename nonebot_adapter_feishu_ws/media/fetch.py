"""Fetches what a segment names by URL. A URL may come from a user, so it reaches public addresses only."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

from ..diagnosis import describe
from ..exception import NetworkError
from ..session import make_session

MAX_REDIRECTS = 5
TIMEOUT = 30.0
"""Seconds for one URL, redirects included."""


class PrivateAddress(ValueError):
    """A URL leads to an address that is not public."""


class GuardedResolver(AbstractResolver):
    """Resolves names and refuses those that lead to a private address.

    The connection is made to the very addresses that were checked, so a name cannot change its mind in between.
    """

    def __init__(self, resolver: AbstractResolver | None = None) -> None:
        self._resolver = resolver or aiohttp.DefaultResolver()

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        for result in found:
            check_address(result["host"], host)
        return found

    @override
    async def close(self) -> None:
        await self._resolver.close()


def check_address(address: str, host: str) -> None:
    """Refuse an address that is not public.

    Raises:
        PrivateAddress: it is private, loopback, link-local, reserved or no address.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    if not (mapped or ip).is_global or ip.is_multicast:
        raise PrivateAddress(
            f"{host} leads to the private address {ip}, which is not fetched: a URL from a user could reach into your "
            "network. Fetch it yourself and give the bytes, if you trust it"
        )


async def fetch(
    url: str, max_bytes: int, *, proxy: str | None = None, resolver: AbstractResolver | None = None
) -> bytes:
    """The content of a URL.

    Args:
        url: ``http://`` or ``https://``.
        max_bytes: more is refused while it arrives.
        proxy: a proxy, which then resolves the names itself, so that only addresses in the URL are checked here.
        resolver: finds addresses; a guarded one when None. Not used with a proxy.

    Raises:
        ValueError: the URL is no such URL, leads to a private address, or its content is too large.
        NetworkError: it cannot be fetched.
    """
    own = {} if proxy else {"resolver": resolver or GuardedResolver(), "use_dns_cache": False}
    timeout = aiohttp.ClientTimeout(total=TIMEOUT)
    async with make_session(proxy, **own) as session:
        host = _check_url(url)
        for _ in range(MAX_REDIRECTS + 1):
            try:
                async with session.get(url, allow_redirects=False, timeout=timeout) as response:
                    target = response.headers.get("Location") if 300 <= response.status < 400 else None
                    if target is None:
                        return await _read(response, host, max_bytes)
            except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
                if (refusal := _guard(error)) is not None:
                    raise refusal from error
                raise NetworkError(f"a file could not be fetched: {describe(error, host)}") from error
            url = urljoin(url, target)
            host = _check_url(url)
    raise NetworkError(f"a file could not be fetched: {host} redirects more than {MAX_REDIRECTS} times")


def _check_url(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("only http:// and https:// URLs are fetched")
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    check_address(host, host)
    return host


def _guard(error: BaseException) -> PrivateAddress | None:
    """The guard's own words, wherever aiohttp has put them."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, PrivateAddress):
        cause = cause.__cause__ or cause.__context__
    return cause


async def _read(response: aiohttp.ClientResponse, host: str, max_bytes: int) -> bytes:
    if response.status != 200:
        raise NetworkError(f"a file could not be fetched: {host} answered HTTP {response.status}")
    content = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        content += chunk
        if len(content) > max_bytes:
            raise ValueError(f"the file at {host} is larger than {max_bytes // 1024**2} MB, which Feishu does not take")
    return bytes(content)
