"""What a URL from a user may reach and cost: private addresses in every spelling, redirects, compressed bombs."""

import gzip
import tracemalloc
import zlib

import pytest
from aiohttp import web

from nonebot_adapter_feishu_ws import NetworkError
from nonebot_adapter_feishu_ws.media.fetch import PrivateAddress, check_address, fetch, guarded

SPELLINGS = [
    "127.0.0.1",
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "127.1",
    "127.0.1",
    "0",
    "0.0.0.0",
    "127.0.0.1.",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:7f00:1::]",
    "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
    "[fe80::1%25eth0]",
    "[fec0::1]",
    "[fd00::1]",
    "public.example@127.0.0.1",
    "public.example:80@127.0.0.1",
    "public.example%40@127.0.0.1",
]
"""One address inside, or a way to it, as a host may write it."""
PROXIES = [None, "http://127.0.0.1:9", "socks5://127.0.0.1:9"]


class Names:
    """A DNS of its own: what each name leads to."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    async def __call__(self, host: str) -> list[str]:
        if host not in self.names:
            raise OSError("no such name")
        return [self.names[host]]


PUBLIC = Names({"public.example": "127.0.0.1"})
"""As if it were public: the guard is not asked."""


ZEROS = bytes(100 * 1024**2)
BOMBS = {"gzip": lambda: gzip.compress(ZEROS, 1), "deflate": lambda: zlib.compress(ZEROS, 1)}
"""Some hundred kilobytes that would become 100 MB."""


@pytest.fixture
async def site():
    """A real server on loopback; yields its port and the requests that it saw."""
    seen: list[web.Request] = []

    async def content(request: web.Request) -> web.StreamResponse:
        seen.append(request)
        kind = request.match_info["kind"]
        if kind == "redirect":
            return web.Response(status=302, headers={"Location": request.query["to"]})
        if kind in ("gzip", "deflate"):
            return web.Response(body=BOMBS[kind](), headers={"Content-Encoding": kind})
        if kind == "endless":
            stream = web.StreamResponse()
            await stream.prepare(request)
            while True:
                await stream.write(bytes(256 * 1024))
        return web.Response(body=b"x" * 10)

    app = web.Application()
    app.add_routes([web.get("/{kind}", content)])
    runner = web.AppRunner(app)
    await runner.setup()
    server = web.TCPSite(runner, "127.0.0.1", 0)
    await server.start()
    yield runner.addresses[0][1], seen
    await runner.cleanup()


@pytest.mark.parametrize("host", SPELLINGS)
@pytest.mark.parametrize("proxy", PROXIES, ids=["direct", "http-proxy", "socks-proxy"])
async def test_no_spelling_of_a_private_address_is_fetched(site, host, proxy):
    port, seen = site
    with pytest.raises(PrivateAddress):
        await fetch(f"http://{host}:{port}/file", 1000, proxy=proxy)
    assert seen == []


@pytest.mark.parametrize("host", [*SPELLINGS, "169.254.169.254"])
async def test_no_redirect_leads_inside(site, host):
    port, seen = site
    with pytest.raises(PrivateAddress):
        await fetch(f"http://public.example:{port}/redirect?to=http://{host}:{port}/file", 1000, lookup=PUBLIC)
    assert [request.match_info["kind"] for request in seen] == ["redirect"]


async def test_no_redirect_leads_to_a_name_that_leads_inside(site):
    port, seen = site

    inside = guarded(Names({"inside.example": "127.0.0.1"}))

    async def names(host: str) -> list[str]:
        return await (PUBLIC if host == "public.example" else inside)(host)

    target = f"http://inside.example:{port}/file"
    with pytest.raises(PrivateAddress):
        await fetch(f"http://public.example:{port}/redirect?to={target}", 1000, lookup=names)
    assert [request.match_info["kind"] for request in seen] == ["redirect"]


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://public.example/x",
        "gopher://public.example:70/_x",
        "//127.0.0.1/x",
        "http://[::1",
        "http://public.example:99999999/",
    ],
)
async def test_a_redirect_to_what_is_no_public_url_is_refused(site, location):
    port, _ = site
    with pytest.raises((ValueError, NetworkError)):
        await fetch(f"http://public.example:{port}/redirect?to={location}", 1000, lookup=PUBLIC)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://",
        "http:///x",
        r"http://127.0.0.1\@public.example/",
        "//public.example/x",
        "javascript:1",
        "http://[::1",
    ],
)
async def test_what_is_no_url_is_refused_in_words(url):
    with pytest.raises(ValueError, match="http:// and https://"):
        await fetch(url, 1000, lookup=PUBLIC)


@pytest.mark.parametrize("proxy", PROXIES[1:])
@pytest.mark.parametrize(
    "host",
    ["localhost", "intranet", "localhost.", "a.localhost", "printer.local", "metadata.google.internal", "router.lan"],
)
async def test_a_name_of_a_network_is_not_given_to_a_proxy(host, proxy):
    with pytest.raises(PrivateAddress, match="inside a network"):
        await fetch(f"http://{host}/x", 1000, proxy=proxy, lookup=Names({}))


@pytest.mark.parametrize("proxy", PROXIES[1:])
async def test_a_name_that_leads_inside_as_far_as_known_here_is_not_given_to_a_proxy(proxy):
    names = Names({"inside.example": "10.1.2.3", "fake.example": "198.18.0.7", "outside.example": "8.8.8.8"})
    with pytest.raises(PrivateAddress, match=r"private address 10\.1\.2\.3"):
        await fetch("http://inside.example/x", 1000, proxy=proxy, lookup=names)
    for host in ("fake.example", "outside.example", "unknown.example"):
        with pytest.raises(NetworkError, match="proxy"):
            await fetch(f"http://{host}/x", 1000, proxy=proxy, lookup=names)


@pytest.mark.parametrize(
    "address",
    [
        *("64:ff9b::7f00:1", "64:ff9b:1::1", "2001:0:7f00:1::", "2002:a00:1::", "::7f00:1", "fec0::1", "100::1"),
        *("5f00::1", "240.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "ff02::1"),
    ],
)
def test_addresses_that_carry_or_mean_something_inside(address):
    with pytest.raises(PrivateAddress):
        check_address(address, "evil.example")


@pytest.mark.parametrize("address", ["64:ff9b::808:808", "::ffff:8.8.8.8", "2002:808:808::1", "2606:4700::1111"])
def test_addresses_that_carry_something_public(address):
    check_address(address, "example.com")


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_compressed_bomb_is_not_inflated(site, encoding):
    port, seen = site
    tracemalloc.start()
    try:
        with pytest.raises(NetworkError, match="compressed"):
            await fetch(f"http://public.example:{port}/{encoding}", 1024**2, lookup=PUBLIC)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * 1024**2
    assert seen[0].headers["Accept-Encoding"] == "identity"


async def test_what_does_not_end_is_cut_off_at_the_limit(site):
    port, _ = site
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="larger than 3 MB"):
            await fetch(f"http://public.example:{port}/endless", 3 * 1024**2, lookup=PUBLIC)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 * 1024**2


async def test_a_public_file_is_fetched_as_before(site):
    port, _ = site
    assert await fetch(f"http://public.example:{port}/file", 1000, lookup=PUBLIC) == b"x" * 10
