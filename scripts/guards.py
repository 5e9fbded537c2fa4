"""The guards of SECURITY.md: where each stands, what takes it away, and the tests that must notice."""

from dataclasses import dataclass
from typing import Final

PACKAGE: Final = "nonebot_adapter_feishu_ws"


@dataclass(frozen=True, slots=True)
class Guard:
    """One guard.

    Attributes:
        name: what it does, in the words of the table.
        file: where it stands, below the package.
        snippet: its source, which stands there exactly once.
        removed: what stands there when it is taken away.
        tests: what pytest is to run.
    """

    name: str
    file: str
    snippet: str
    removed: str
    tests: tuple[str, ...]


_NONCES: Final = ("tests/server/test_replay_guard.py",)
_SIGNATURE: Final = ("tests/server/test_signature.py",)
_BODY: Final = "tests/server/test_body_limit.py"
_JSON: Final = ("tests/net/test_bounded_json.py",)
_FETCH: Final = ("tests/media/test_fetch_guard.py",)
_ROUTES: Final = ("tests/management/test_routes.py", "tests/management/test_access.py")
_CONFIG: Final = ("tests/config/test_config.py",)
_SHOWN: Final = ("tests/flow/test_no_secret_shown.py",)
_TIME: Final = ("tests/test_constant_time.py",)

GUARDS: Final = (
    Guard(
        "a wrong signature is refused",
        "server/signature.py",
        "    if not hmac.compare_digest(expected.encode(), signature.encode()):",
        "    if not expected:",
        _SIGNATURE,
    ),
    Guard(
        "signatures are compared in constant time",
        "server/signature.py",
        "not hmac.compare_digest(expected.encode(), signature.encode())",
        "expected != signature",
        _TIME,
    ),
    Guard(
        "a delivery with an old timestamp is refused",
        "server/signature.py",
        "or abs(now - int(timestamp)) > REPLAY_WINDOW",
        "",
        _SIGNATURE,
    ),
    Guard(
        "a wrong verification token is refused",
        "server/signature.py",
        " or not hmac.compare_digest(_bytes(received), _bytes(expected))",
        "",
        _SIGNATURE,
    ),
    Guard(
        "a delivery that was taken is refused when it is replayed",
        "server/replay_guard.py",
        "        if signature in self._known:",
        "        if signature is None:",
        _NONCES,
    ),
    Guard(
        "a delivery that was not taken may come again",
        "server/webhook.py",
        "            if not taken:",
        "            if not self:",
        _NONCES,
    ),
    Guard(
        "the memory of replays is bounded",
        "server/replay_guard.py",
        "        if len(self._known) > self._max_known:",
        "        if not self._max_known:",
        _NONCES,
    ),
    Guard(
        "with an encrypt key nothing but a challenge is taken unsigned",
        "server/webhook.py",
        ' if fields.get("type") == "url_verification" else None',
        "",
        _NONCES,
    ),
    Guard(
        "how a decryption ends is not told to whoever cannot sign",
        "server/webhook.py",
        "    except (SignatureError, Refused):\n        return None",
        "    except NotImplementedError:\n        return None",
        _NONCES,
    ),
    Guard(
        "an unsigned body is decrypted only when it is small",
        "server/webhook.py",
        "    if len(raw) > _MAX_CHALLENGE:",
        "    if len(raw) < 0:",
        _NONCES,
    ),
    Guard(
        "a challenge is sent back only when it is a plain word",
        "server/webhook.py",
        " or _WORD.fullmatch(challenge) is None",
        "",
        _NONCES,
    ),
    Guard(
        "the event of another app with the same key is refused",
        "server/webhook.py",
        "        if _app_of(delivery.fields) not in (None, app_id):",
        "        if False:",
        ("tests/flow/test_webhook.py",),
    ),
    Guard(
        "an unknown app id stands in no log",
        "server/webhook.py",
        '"an unknown app id" if self.secrets.get(app_id) is None else app_id',
        "app_id",
        _NONCES,
    ),
    Guard(
        "a large body is not read to its end",
        "server/body_limit.py",
        "            if len(body) > MAX_BYTES:",
        "            if len(body) < 0:",
        (f"{_BODY}::test_a_body_without_a_length_is_read_up_to_the_limit",),
    ),
    Guard(
        "a body that says it is large is not read at all",
        "server/body_limit.py",
        "        if _declared_length(scope) > MAX_BYTES:",
        "        if _declared_length(scope) < 0:",
        (f"{_BODY}::test_a_body_that_says_it_is_too_large_is_not_read",),
    ),
    Guard(
        "a slow body is given up",
        "server/body_limit.py",
        "asyncio.wait_for(self._collect(receive), MAX_SECONDS)",
        "asyncio.wait_for(self._collect(receive), 600)",
        (f"{_BODY}::test_the_time_is_for_the_whole_body",),
    ),
    Guard(
        "a compressed body is refused",
        "server/body_limit.py",
        "        if _is_compressed(scope):",
        "        if not scope:",
        (f"{_BODY}::test_a_compressed_body_is_not_inflated",),
    ),
    Guard(
        "JSON is read to a certain depth",
        "net/bounded_json.py",
        '    if _count(data, "[") + _count(data, "{") > MAX_DEPTH and _is_deep(value):',
        "    if not data:",
        _JSON,
    ),
    Guard(
        "JSON of too many values is not read",
        "net/bounded_json.py",
        ' > max_values:\n        raise JsonError(f"has more',
        ' < 0:\n        raise JsonError(f"has more',
        _JSON,
    ),
    Guard("NaN and Infinity are no JSON", "net/bounded_json.py", "allow_inf_nan=False", "allow_inf_nan=True", _JSON),
    Guard(
        "a name that leads to a private address is not fetched",
        "media/fetch.py",
        "            check_address(address, host)\n        return addresses",
        "            assert address\n        return addresses",
        ("tests/media/test_media.py::test_a_name_that_leads_inside_is_refused", *_FETCH),
    ),
    Guard(
        "a private address in a URL is not fetched",
        "media/fetch.py",
        "    if (address := _literal(host)) is not None:\n        check_address(address, host)",
        "    assert host",
        _FETCH,
    ),
    Guard(
        "odd spellings of an address are understood",
        "media/fetch.py",
        "return socket.inet_ntoa(socket.inet_aton(bare))",
        "return None",
        _FETCH,
    ),
    Guard(
        "IPv6 addresses that carry or mean something inside are private",
        "media/fetch.py",
        "            return ip in _UNICAST and ip.is_global",
        "            return ip.is_global",
        _FETCH,
    ),
    Guard(
        "a redirect is checked as the URL was",
        "media/fetch.py",
        "                target = _join(target, answer)\n                host = _check_url(target)",
        '                target = _join(target, answer)\n                host = target.raw_host or ""',
        _FETCH,
    ),
    Guard(
        "behind a proxy names are looked up here as well",
        "media/fetch.py",
        "                    await _check_name(host, lookup or look_up)",
        "                    assert host",
        _FETCH,
    ),
    Guard(
        "a compressed download is not inflated",
        "media/fetch.py",
        '    if encoding not in ("", "identity"):',
        "    if not encoding:",
        _FETCH,
    ),
    Guard(
        "a download ends at the limit",
        "media/fetch.py",
        "        if len(content) > max_bytes:",
        "        if len(content) > 8 * max_bytes:",
        _FETCH,
    ),
    Guard(
        "a control token reaches its own bots only",
        "management/routes.py",
        "            if access.allows(bot_id):",
        "            if bot_id:",
        _ROUTES,
    ),
    Guard(
        "guessing control tokens is slowed down",
        "management/access.py",
        "        if len(self._failures) >= self._max_failures:",
        "        if len(self._failures) < 0:",
        _ROUTES,
    ),
    Guard(
        "the status page loads and runs nothing but its own",
        "management/status_page.py",
        "f\"default-src 'none'; ",
        'f"',
        _ROUTES,
    ),
    Guard(
        "control tokens are compared in constant time",
        "management/access.py",
        "hmac.compare_digest(digest, presented)",
        "digest == presented",
        _TIME,
    ),
    Guard(
        "control tokens are held as hashes",
        "management/access.py",
        "    return hashlib.sha256(token.encode()).digest()",
        "    return token.encode()",
        _ROUTES,
    ),
    Guard(
        "a short control token is no configuration",
        "config/models.py",
        "len(token) >= MIN_TOKEN",
        "bool(token)",
        _CONFIG,
    ),
    Guard(
        "an error about an event shows none of its values",
        "event/base.py",
        'ConfigDict(extra="allow", hide_input_in_errors=True, defer_build=True)',
        'ConfigDict(extra="allow", defer_build=True)',
        _SHOWN,
    ),
    Guard(
        "the ticket of a connection is not printed",
        "transport/endpoint.py",
        "    url: str = field(repr=False)",
        "    url: str",
        _SHOWN,
    ),
    Guard(
        "the SDK's socket logs no request",
        "transport/sdk_connection.py",
        ', "logger": _QUIET',
        "",
        ("tests/transport/test_sdk_connection.py::test_a_redelivered_event_is_handled_once",),
    ),
    Guard(
        "the verification token of an event is not printed",
        "event/base.py",
        '    token: Text = Field(default="", repr=False)',
        '    token: Text = Field(default="")',
        _SHOWN,
    ),
    Guard(
        "the password of the store is not printed",
        "store/redis/connection.py",
        "{parts.netloc.rpartition('@')[2]}",
        "{parts.netloc}",
        _SHOWN,
    ),
    Guard(
        "the store's file is the bot's alone",
        "store/sqlite/file.py",
        "0o600",
        "0o644",
        ("tests/store/test_sqlite.py::test_nobody_else_may_read_the_file",),
    ),
)
