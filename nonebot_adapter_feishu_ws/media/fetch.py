"""Fetches the files that segments name by URL. URLs may come from users, so only public addresses are reached."""

import asyncio
import ipaddress
import socket
from asyncio import timeout
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from yarl import URL

from ..exception import NetworkError
from ..net.errors import NotConnected, failure
from ..net.http1 import HttpResponse
from ..net.session import HttpSession, Target

MAX_REDIRECTS = 5
TIMEOUT = 30.0
"""Seconds for one URL, redirects included."""
LOOKUP_TIMEOUT = 2.0
"""Seconds for a DNS lookup behind a proxy: a machine that needs a proxy may have no DNS at all."""
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_UNICAST: Final = ipaddress.ip_network("2000::/3")
_FAKE: Final = ipaddress.ip_network("198.18.0.0/15")
"""Fake addresses with which local proxies (Clash and the like) answer DNS queries, in order to see the names."""
_UNREADABLE: Final = "a URL, or one that it redirects to, cannot be read; only http:// and https:// are fetched"
_INSIDE: Final = frozenset({"localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "arpa"})
"""Top-level labels of names that exist in private networks only."""


class PrivateAddress(ValueError):
    """A URL leads to an address that is not public."""


Lookup = Callable[[str], Awaitable[Sequence[str]]]
"""Resolves a name to its addresses; raises OSError when there are none."""


async def look_up(host: str) -> list[str]:
    """Ask the system for the addresses of a name, IPv4 first."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    addresses = [str(address[0]) for *_, address in found]
    return sorted(dict.fromkeys(addresses), key=lambda address: ":" in address)


def guarded(lookup: Lookup) -> Lookup:
    """A lookup that refuses names with a private address, with :class:`PrivateAddress`."""

    async def checked(host: str) -> Sequence[str]:
        addresses = await lookup(host)
        for address in addresses:
            check_address(address, host)
        return addresses

    return checked


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


async def fetch(url: str, max_bytes: int, *, proxy: str | None = None, lookup: Lookup | None = None) -> bytes:
    """Fetch a URL.

    The connection is made to an address that was checked, so a second lookup cannot return another (DNS rebinding). A
    proxy resolves names itself; they are looked up here as well, if possible. The lookup is a guarded one by default,
    or the system's behind a proxy.

    Raises:
        ValueError: the URL is invalid or leads to a private address, or its content is too large.
        NetworkError: it cannot be fetched.
    """
    target = _parse(url)
    host = _check_url(target)
    try:
        async with timeout(TIMEOUT):
            for _ in range(MAX_REDIRECTS + 1):
                if proxy:
                    await _check_name(host, lookup or look_up)
                    answer = await _get(target, host, max_bytes, proxy)
                else:
                    answer = await _get_from_any(target, host, max_bytes, lookup or guarded(look_up))
                if isinstance(answer, bytes):
                    return answer
                target = _join(target, answer)
                host = _check_url(target)
    except OSError as error:
        raise failure(error, host, proxy, doing="a file could not be fetched: ") from error
    raise NetworkError(f"a file could not be fetched: {host} redirects more than {MAX_REDIRECTS} times")


async def _get_from_any(url: URL, host: str, max_bytes: int, lookup: Lookup) -> bytes | str:
    """Get a URL from the first address of its host that takes a connection."""
    addresses = [host] if _literal(host) is not None else list(await lookup(host))
    if not addresses:
        raise socket.gaierror(f"{host} has no address")
    for address in addresses[:-1]:
        try:
            return await _get(url, host, max_bytes, None, address)
        except NotConnected:
            continue
    return await _get(url, host, max_bytes, None, addresses[-1])


async def _get(url: URL, host: str, max_bytes: int, proxy: str | None, address: str | None = None) -> bytes | str:
    """Send one request; returns the content, or the place that it redirects to."""
    target = Target(url.scheme == "https", host, url.port or 80, address)
    # Not compressed: a few kilobytes could become gigabytes before the limit applies.
    asked = HttpSession(proxy).stream("GET", target, url.raw_path_qs, {"Accept-Encoding": "identity"})
    async with asked as response:
        if 300 <= response.status < 400 and (location := response.headers.get("location")):
            return location
        return await _read(response, host, max_bytes)


def _parse(url: str) -> URL:
    # The parser of the client: two parsers that disagree about the host would make the check worthless.
    try:
        return URL(url)
    except ValueError:
        raise ValueError(_UNREADABLE) from None


def _join(base: URL, location: str) -> URL:
    try:
        return base.join(URL(location))
    except ValueError:
        raise ValueError(_UNREADABLE) from None


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


async def _check_name(host: str, lookup: Lookup) -> None:
    """Check a name that a proxy will resolve, as far as possible: the proxy may see another address."""
    if _literal(host) is not None:
        return
    labels = host.rstrip(".").lower().split(".")
    if len(labels) == 1 or labels[-1] in _INSIDE:
        raise PrivateAddress(_refusal(host, "a place inside a network"))
    try:
        async with timeout(LOOKUP_TIMEOUT):
            found = await lookup(host)
    except OSError:  # or TimeoutError
        return  # no DNS here: the proxy is all there is
    for address in found:
        if ipaddress.ip_address(address.partition("%")[0]) not in _FAKE:
            check_address(address, host)


async def _read(response: HttpResponse, host: str, max_bytes: int) -> bytes:
    if response.status != 200:
        raise NetworkError(f"a file could not be fetched: {host} answered HTTP {response.status}")
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise NetworkError(
            f"a file could not be fetched: {host} sends it compressed, although it was asked for as it is. Fetch it "
            "yourself and give the bytes"
        )
    content = bytearray()
    async for chunk in response.pieces():
        content += chunk
        if len(content) > max_bytes:
            raise ValueError(f"the file at {host} is larger than {max_bytes // 1024**2} MB, which Feishu does not take")
    return bytes(content)
