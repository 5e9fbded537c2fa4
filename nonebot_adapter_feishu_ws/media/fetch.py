"""Fetches the files that segments name by URL. URLs may come from users, so only public addresses are reached."""

import ipaddress
import socket
from asyncio import timeout
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override
from yarl import URL

from ..exception import NetworkError
from ..net.errors import describe
from ..net.session import make_session

MAX_REDIRECTS = 5
TIMEOUT = 30.0
"""Seconds for one URL, redirects included."""
LOOKUP_TIMEOUT = 2.0
"""Seconds for a DNS lookup behind a proxy: a machine that needs a proxy may have no DNS at all."""
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_UNICAST: Final = ipaddress.ip_network("2000::/3")
_FAKE: Final = ipaddress.ip_network("198.18.0.0/15")
"""Fake addresses with which local proxies (Clash and the like) answer DNS queries, in order to see the names."""
_INSIDE: Final = frozenset({"localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "arpa"})
"""Top-level labels of names that exist in private networks only."""


class PrivateAddress(ValueError):
    """A URL leads to an address that is not public."""


class GuardedResolver(AbstractResolver):
    """Resolves names, and refuses those with a private address.

    The connection is made to the addresses that were checked, so a second lookup cannot return others (DNS rebinding).
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
    """Refuse an address that is private, loopback, link-local or reserved, with :class:`PrivateAddress`."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if not _is_public(ip):
        raise PrivateAddress(_refusal(host, f"the private address {ip}"))


def _is_public(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(ip, ipaddress.IPv6Address):
        carried = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            carried = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
        if carried is None:
            return ip in _UNICAST and ip.is_global
        ip = carried
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _refusal(host: str, where: str) -> str:
    return (
        f"{host} leads to {where}, which is not fetched: a URL from a user could reach into your network. Fetch it "
        "yourself and give the bytes, if you trust it"
    )


async def fetch(
    url: str, max_bytes: int, *, proxy: str | None = None, resolver: AbstractResolver | None = None
) -> bytes:
    """Fetch a URL.

    A proxy resolves names itself; they are looked up here as well, if possible. The resolver is a guarded one by
    default, or the system's for lookups behind a proxy.

    Raises:
        ValueError: the URL is invalid or leads to a private address, or its content is too large.
        NetworkError: it cannot be fetched.
    """
    own = {} if proxy else {"resolver": resolver or GuardedResolver(), "use_dns_cache": False}
    patience = aiohttp.ClientTimeout(total=TIMEOUT)
    async with make_session(proxy, **own) as session:
        target = _parse(url)
        host = _check_url(target)
        for _ in range(MAX_REDIRECTS + 1):
            if proxy:
                await _check_name(host, resolver or aiohttp.ThreadedResolver())
            try:
                # Not decompressed: a few kilobytes could become gigabytes before the limit applies.
                async with session.get(
                    target,
                    allow_redirects=False,
                    timeout=patience,
                    headers={"Accept-Encoding": "identity"},
                    auto_decompress=False,
                ) as response:
                    location = response.headers.get("Location") if 300 <= response.status < 400 else None
                    if location is None:
                        return await _read(response, host, max_bytes)
            except (TimeoutError, aiohttp.ClientError, OSError) as error:
                if (refusal := _guard(error)) is not None:
                    raise refusal from error
                raise NetworkError(f"a file could not be fetched: {describe(error, host)}") from error
            target = target.join(_parse(location))
            host = _check_url(target)
    raise NetworkError(f"a file could not be fetched: {host} redirects more than {MAX_REDIRECTS} times")


def _parse(url: str) -> URL:
    # The parser that aiohttp uses: two parsers that disagree about the host would make the check worthless.
    try:
        return URL(url)
    except ValueError:
        raise ValueError(
            "a URL, or one that it redirects to, cannot be read; only http:// and https:// are fetched"
        ) from None


def _check_url(url: URL) -> str:
    host = url.raw_host
    if url.scheme not in ("http", "https") or not host:
        raise ValueError("only http:// and https:// URLs are fetched")
    if (address := _literal(host)) is not None:
        check_address(address, host)
    return host


def _literal(host: str) -> str | None:
    """The address in a host, in any spelling (``127.1``, ``0x7f000001``, ``2130706433``); None for a name.

    Whatever connects, here or in a proxy, may understand all spellings.
    """
    bare = host.rstrip(".")
    try:
        return str(ipaddress.ip_address(bare.partition("%")[0]))
    except ValueError:
        try:
            return socket.inet_ntoa(socket.inet_aton(bare))
        except (OSError, ValueError):
            return None


async def _check_name(host: str, resolver: AbstractResolver) -> None:
    """Check a name that a proxy will resolve, as far as possible: the proxy may see another address."""
    if _literal(host) is not None:
        return
    labels = host.rstrip(".").lower().split(".")
    if len(labels) == 1 or labels[-1] in _INSIDE:
        raise PrivateAddress(_refusal(host, "a place inside a network"))
    try:
        async with timeout(LOOKUP_TIMEOUT):
            found = await resolver.resolve(host, 0, socket.AF_UNSPEC)
    except (TimeoutError, OSError):
        return  # no DNS here: the proxy is all there is
    for result in found:
        address = result["host"].partition("%")[0]
        if ipaddress.ip_address(address) not in _FAKE:
            check_address(address, host)


def _guard(error: BaseException) -> PrivateAddress | None:
    """The guard's own exception, wherever aiohttp has wrapped it."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, PrivateAddress):
        cause = cause.__cause__ or cause.__context__
    return cause


async def _read(response: aiohttp.ClientResponse, host: str, max_bytes: int) -> bytes:
    if response.status != 200:
        raise NetworkError(f"a file could not be fetched: {host} answered HTTP {response.status}")
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise NetworkError(
            f"a file could not be fetched: {host} sends it compressed, although it was asked for as it is. Fetch it "
            "yourself and give the bytes"
        )
    content = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        content += chunk
        if len(content) > max_bytes:
            raise ValueError(f"the file at {host} is larger than {max_bytes // 1024**2} MB, which Feishu does not take")
    return bytes(content)
