"""The configuration keys and their validation."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal
from urllib.parse import SplitResult, parse_qsl, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    model_validator,
)

from .clean import check_clean

FEISHU: Final = "https://open.feishu.cn"
LARK: Final = "https://open.larksuite.com"
SANDBOX_PORT: Final = 8790
DEFAULT_STORE: Final = "sqlite:///data/feishu_ws.sqlite3"
MIN_TOKEN: Final = 16
PROXY_SCHEMES: Final = ("http", "socks5", "socks5h")


def _text(value: object) -> object:
    # Values in .env are read as JSON first, so 123456 arrives as a number and 1e5 as 100000.0.
    if isinstance(value, (float, bool)):
        raise ValueError('was read as a number or as true/false; put it into quotes: "..." inside the JSON')
    return str(value) if isinstance(value, int) else value


def _own(value: object) -> object:
    return _clean(_text(value), strict=True)


def _clean(value: object, *, strict: bool = False) -> object:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if isinstance(text, str):
        check_clean(text, strict=strict)
    return value


def _shown(value: object) -> object:
    """A name, which does no harm with what stands around it, so without that."""
    text = _text(value)
    return (text.strip() if isinstance(text, str) else text) or None


def _unset(value: object) -> object:
    return None if value == "" else _text(value)


def _origin(value: object) -> str:
    _clean(value, strict=True)
    parts = urlsplit(str(value))
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("must be a URL without a path, such as https://open.feishu.cn")
    return f"{parts.scheme}://{parts.netloc}"


def _domain(value: str) -> str:
    _clean(value, strict=True)
    try:
        return value if value in ("feishu", "lark") else _origin(value)
    except ValueError:
        raise ValueError('must be "feishu", "lark" or a URL such as https://feishu.example.com') from None


def _proxy(value: SecretStr) -> SecretStr:
    parts = urlsplit(value.get_secret_value())
    if parts.scheme not in PROXY_SCHEMES or not parts.hostname or not _has_port(parts) or " " in parts.netloc:
        raise ValueError("must be http://host:port or socks5://host:port, with user:password@ if needed")
    return value


def _has_port(parts: SplitResult) -> bool:
    try:
        return parts.port is not None
    except ValueError:
        return False


def _is_strong(token: str) -> bool:
    kind, _, digest = token.partition(":")
    return bool(re.fullmatch(r"[0-9a-fA-F]{64}", digest)) if kind == "sha256" else len(token) >= MIN_TOKEN


_NUMBER, _SWITCH, _TEXT = r"\d+(\.\d+)?", r"0|1|true|false|yes|no", r".+"
_REDIS_OPTIONS = {
    "db": r"\d+",
    "username": _TEXT,
    "password": _TEXT,
    "client_name": _TEXT,
    "socket_timeout": _NUMBER,
    "socket_connect_timeout": _NUMBER,
    "socket_keepalive": _SWITCH,
    "health_check_interval": r"\d+",
}
_TLS_OPTIONS = {
    **dict.fromkeys(("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile", "ssl_password"), _TEXT),
    "ssl_ciphers": _TEXT,
    "ssl_cert_reqs": "none|optional|required",
    "ssl_check_hostname": _SWITCH,
}


def _check_redis(url: str) -> None:
    if find_spec("redis") is None:
        raise ValueError('names Redis, which needs an extra: pip install "nonebot-adapter-feishu-ws[redis]"')
    parts = urlsplit(url)
    if parts.scheme != "unix" and (not parts.hostname or not re.fullmatch(r"(/\d*)?", parts.path)):
        raise ValueError("must be redis://[user:password@]host:port/database, such as redis://localhost:6379/0")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("has a port that is no number; write % signs of the password as %25, / as %2F") from None
    _check_redis_options(parts.scheme, parts.query)


def _check_redis_options(scheme: str, query: str) -> None:
    """Refuse what the redis package would only refuse, or misunderstand, when it connects."""
    known = _REDIS_OPTIONS | (_TLS_OPTIONS if scheme == "rediss" else {})
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name in _TLS_OPTIONS and name not in known:
            raise ValueError(f"has the option {name}, which is for TLS: write rediss:// instead of {scheme}://")
        if name not in known:
            raise ValueError(
                f"has the option {name[:40]!r}, which cannot be used here; possible are {', '.join(known)}"
            )
        if not re.fullmatch(known[name], value, re.IGNORECASE):
            raise ValueError(f"has a value of the option {name} that cannot be used; it must match {known[name]}")


def _store(value: object) -> object:
    text = value if isinstance(value, str) else ""
    if re.fullmatch(r"rediss?://[^/]+.*|unix://.*/.+", text):
        _check_redis(text)
    elif text != "memory://" and not re.fullmatch(r"sqlite:///.+", text):
        raise ValueError(
            "must be memory://, sqlite:///relative/path, sqlite:////absolute/path or redis://host:6379/0 "
            "(rediss:// for TLS, unix:///path/of/socket)"
        )
    return value


def _shape_of_tokens(value: object) -> object:
    if isinstance(value, str):
        raise ValueError('must be a JSON object between single quotes: \'{"<token>": ["*"]}\'')
    if isinstance(value, list):
        raise ValueError('is a list; each token needs the bots that it may see, ["*"] for all: \'{"<token>": ["*"]}\'')
    return value


def _tokens(value: dict[str, list[str]]) -> dict[str, list[str]]:
    for number, (token, bots) in enumerate(value.items(), start=1):
        try:
            check_clean(token, strict=False)
        except ValueError as error:
            raise ValueError(f"token {number} {error}") from None
        if not _is_strong(token):
            raise ValueError(
                f"token {number} is too short: use at least {MIN_TOKEN} characters, such as the output of "
                'python -c "import secrets; print(secrets.token_urlsafe(32))", or sha256: and its hash'
            )
        if not bots:
            raise ValueError(f'token {number} has an empty list: name app ids, or ["*"] for all bots')
    return value


Text = Annotated[str, BeforeValidator(_own), Field(min_length=1)]
Origin = Annotated[str, BeforeValidator(_origin)]
Domain = Annotated[str, AfterValidator(_domain)]
Proxy = Annotated[SecretStr, BeforeValidator(_clean), AfterValidator(_proxy)]
StoreUrl = Annotated[str, BeforeValidator(_store), BeforeValidator(_clean)]
Tokens = Annotated[dict[str, list[Text]], BeforeValidator(_shape_of_tokens), AfterValidator(_tokens)]
Secret = Annotated[SecretStr, BeforeValidator(_own), Field(min_length=1)]
OptionalText = Annotated[str | None, BeforeValidator(_shown)]
OptionalPath = Annotated[Path | None, BeforeValidator(_clean), BeforeValidator(_unset)]
OptionalSecret = Annotated[SecretStr | None, BeforeValidator(_clean), BeforeValidator(_unset)]


class BotConfig(BaseModel):
    """One bot.

    Attributes:
        app_id: App ID, from the console's 凭证与基础信息 (Credentials & Basic Info).
        app_secret: App Secret, from the same page. A ``SecretStr``; the existing adapter has a ``str`` here.
        name: its display name in status and logs.
        enabled: false disables it; status and control routes still list it.
        use_websocket: open a long connection.
        encrypt_key: Encrypt Key of 事件与回调 > 加密策略 (Events & Callbacks > Encryption Strategy).
        verification_token: Verification Token of the same page.
        app_type: ``self_built``, or ``store`` for an app of the App Directory, which serves many tenants and receives
            by webhook only.
        domain: ``feishu``, ``lark``, or the URL of a private deployment.
        proxy: ``http://`` or ``socks5://`` with ``[user:password@]host:port``, for REST and WebSocket alike.
        transport: the long connection's client: ``native``, or the official SDK's own (``sdk``).
        is_lark: the existing adapter's key for ``domain: lark``.
        api_base: the existing adapter's key for a URL as the domain.
        protocol: the existing adapter's key: ``ws``, or ``http`` for webhook only.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True
    )

    app_id: Text
    app_secret: Secret
    name: OptionalText = None
    enabled: bool = True
    use_websocket: bool = True
    encrypt_key: OptionalSecret = None
    verification_token: OptionalSecret = None
    app_type: Literal["self_built", "store"] = "self_built"
    domain: Annotated[Domain | None, BeforeValidator(_unset)] = None
    proxy: Annotated[Proxy | None, BeforeValidator(_unset)] = None
    transport: Literal["native", "sdk"] = "native"
    is_lark: bool = False
    api_base: Annotated[Origin | None, BeforeValidator(_unset)] = None
    protocol: Literal["http", "ws"] | None = None

    _api_origin: str = PrivateAttr(default=FEISHU)

    @property
    def api_origin(self) -> str:
        """The platform's origin for discovery and REST, e.g. ``https://open.feishu.cn``."""
        return self._api_origin

    @property
    def proxy_url(self) -> str | None:
        """The proxy with its password: for the HTTP library only, never for a log."""
        return self.proxy.get_secret_value() if self.proxy else None

    def at_origin(self, origin: str, *, proxy: bool = True) -> BotConfig:
        """This bot talking to ``origin``, with or without its proxy."""
        copy = self.model_copy(update={} if proxy else {"proxy": None})
        copy._api_origin = origin
        return copy

    @model_validator(mode="after")
    def _check_conflicts(self) -> BotConfig:
        given = self.model_fields_set
        if self.protocol is not None and "use_websocket" in given and self.use_websocket != (self.protocol == "ws"):
            raise ValueError("protocol and use_websocket contradict each other; keep use_websocket alone")
        if self.domain is not None and self.api_base is not None:
            raise ValueError("domain and api_base both name a domain; keep domain alone")
        if self.domain is not None and "is_lark" in given and self.is_lark != (self.domain == "lark"):
            raise ValueError("domain and is_lark contradict each other; keep domain alone")
        if self.transport == "sdk" and (self.proxy_url or "").startswith("socks"):
            raise ValueError('transport "sdk" works with an http:// proxy only: the SDK has no SOCKS support')
        if self.app_type == "store":
            self._check_store_app()
        elif self.protocol is not None and "use_websocket" not in given:
            object.__setattr__(self, "use_websocket", self.protocol == "ws")
        return self

    def _check_store_app(self) -> None:
        if self.protocol == "ws" or ("use_websocket" in self.model_fields_set and self.use_websocket):
            raise ValueError(
                "a store app cannot use the long connection, which Feishu offers to self-built apps only; "
                "leave use_websocket out: it receives by webhook"
            )
        if self.encrypt_key is None and self.verification_token is None:
            raise ValueError(
                "a store app receives by webhook only: set verification_token or encrypt_key, "
                "from 事件与回调 > 加密策略 (Events & Callbacks > Encryption Strategy)"
            )
        object.__setattr__(self, "use_websocket", False)


class Config(BaseModel):
    """The adapter's part of NoneBot's configuration; see ``.env.example`` for every key in plain words."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, hide_input_in_errors=True, defer_build=True)

    feishu_bots: list[BotConfig] = Field(default_factory=list[BotConfig])
    feishu_store: StoreUrl = Field(DEFAULT_STORE, repr=False)
    feishu_takeover_after: float = Field(30, ge=1, le=3600)
    feishu_replay_window: float = Field(600, ge=0, le=86_400)
    feishu_backfill_after: float | None = Field(None, gt=0, le=604_800)
    feishu_backfill_window: float = Field(86_400, ge=60, le=604_800)
    feishu_max_reconnect_attempts: int = Field(5, ge=0, le=1000)
    feishu_reconnect_delays: list[Annotated[float, Field(gt=0, le=86_400)]] = Field([1, 2, 4, 8, 16], min_length=1)
    feishu_sandbox: bool = False
    feishu_sandbox_port: int = Field(SANDBOX_PORT, ge=0, le=65_535)
    feishu_sandbox_url: Annotated[Origin | None, BeforeValidator(_unset)] = None
    feishu_sandbox_keep: OptionalPath = None
    feishu_sandbox_in_production: bool = False
    feishu_record: OptionalPath = None
    feishu_record_text: bool = False
    feishu_record_keep: list[str] = Field(default_factory=list[str])
    feishu_max_running_handlers: int = Field(64, ge=1, le=100_000)
    feishu_switch_interval: float = Field(0.0005, gt=0, le=1)
    feishu_gc_threshold: int = Field(10_000, ge=0, le=1_000_000)
    feishu_fetch_reply: bool = True
    feishu_at_all_to_me: bool = False
    feishu_bot_messages: bool = False
    feishu_merge_attachments: float | None = Field(None, gt=0, le=30)
    feishu_compat_alias: bool = False
    feishu_max_event_age: float | None = Field(None, gt=0, le=31_536_000)
    feishu_management_tokens: Tokens = Field(default_factory=dict[str, list[str]], repr=False)
    feishu_api_base: Origin = FEISHU
    feishu_lark_api_base: Origin = LARK
