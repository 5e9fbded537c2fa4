"""The configuration: ``.env``, environment variables or ``nonebot.init(...)`` in, checked objects out.

Every problem names its entry (``FEISHU_BOTS[1].app_secret``) and says what to do; no value of a bot's entry is
ever shown, since it may be a secret.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Final, Literal, cast
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from .exception import ConfigError

FEISHU: Final = "https://open.feishu.cn"
LARK: Final = "https://open.larksuite.com"
SANDBOX_PORT: Final = 8790


def _text(value: object) -> object:
    # Values in .env are read as JSON first, so 123456 arrives as a number and 1e5 as 100000.0.
    if isinstance(value, (float, bool)):
        raise ValueError('was read as a number or as true/false; put it into quotes: "..." inside the JSON')
    return str(value) if isinstance(value, int) else value


def _unset(value: object) -> object:
    return None if value == "" else _text(value)


def _origin(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("must be a URL without a path, such as https://open.feishu.cn")
    return f"{parts.scheme}://{parts.netloc}"


Text = Annotated[str, BeforeValidator(_text), Field(min_length=1)]
OptionalText = Annotated[str | None, BeforeValidator(_unset)]
Secret = Annotated[SecretStr, BeforeValidator(_text), Field(min_length=1)]
OptionalSecret = Annotated[SecretStr | None, BeforeValidator(_unset)]


class BotConfig(BaseModel):
    """One bot.

    Attributes:
        app_id: App ID, from the console's 凭证与基础信息 (Credentials & Basic Info).
        app_secret: App Secret, from the same page. A ``SecretStr``; the existing adapter has a ``str`` here.
        name: what people call it in status and logs.
        enabled: false leaves it out.
        use_websocket: hold a long connection.
        encrypt_key: Encrypt Key of 事件与回调 > 加密策略 (Events & Callbacks > Encryption Strategy).
        verification_token: Verification Token of the same page.
        domain: ``feishu``, ``lark``, or the URL of a private deployment.
        proxy: ``http://[user:password@]host:port`` for REST and WebSocket alike.
        transport: who speaks on the long connection; only ``native`` in this version.
        is_lark: the existing adapter's way to say ``domain: lark``.
        api_base: the existing adapter's way to give a URL as the domain.
        protocol: the existing adapter's choice of ``ws`` or ``http`` (webhook only).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    app_id: Text
    app_secret: Secret
    name: OptionalText = None
    enabled: bool = True
    use_websocket: bool = True
    encrypt_key: OptionalSecret = None
    verification_token: OptionalSecret = None
    domain: OptionalText = None
    proxy: OptionalSecret = None
    transport: Literal["native"] = "native"
    is_lark: bool = False
    api_base: OptionalText = None
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

    @field_validator("domain")
    @classmethod
    def _check_domain(cls, value: str | None) -> str | None:
        if value is None or value in ("feishu", "lark"):
            return value
        try:
            return _origin(value)
        except ValueError:
            raise ValueError('must be "feishu", "lark" or a URL such as https://feishu.example.com') from None

    @field_validator("api_base")
    @classmethod
    def _check_api_base(cls, value: str | None) -> str | None:
        return value and _origin(value)

    @field_validator("proxy")
    @classmethod
    def _check_proxy(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parts = urlsplit(value.get_secret_value())
            if parts.scheme != "http" or not parts.hostname:
                raise ValueError("must be http://host:port (other kinds of proxy come with a later version)")
        return value

    @field_validator("transport", mode="before")
    @classmethod
    def _check_transport(cls, value: object) -> object:
        if value == "sdk":
            raise ValueError('"sdk" comes with a later version; leave it out, or use "native"')
        return value

    @model_validator(mode="after")
    def _check_conflicts(self) -> BotConfig:
        given = self.model_fields_set
        if self.protocol is not None and "use_websocket" in given and self.use_websocket != (self.protocol == "ws"):
            raise ValueError("protocol and use_websocket contradict each other; keep use_websocket alone")
        if self.domain is not None and self.api_base is not None:
            raise ValueError("domain and api_base both name a domain; keep domain alone")
        if self.domain is not None and "is_lark" in given and self.is_lark != (self.domain == "lark"):
            raise ValueError("domain and is_lark contradict each other; keep domain alone")
        if self.protocol is not None and "use_websocket" not in given:
            object.__setattr__(self, "use_websocket", self.protocol == "ws")
        return self


class Config(BaseModel):
    """The adapter's part of NoneBot's configuration; see ``.env.example`` for every key in plain words."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    feishu_bots: list[BotConfig] = Field(default_factory=list[BotConfig])
    feishu_store: Literal["memory://"] = "memory://"
    feishu_max_reconnect_attempts: int = Field(5, ge=0, le=1000)
    feishu_reconnect_delays: list[Annotated[float, Field(gt=0, le=86_400)]] = Field([1, 2, 4, 8, 16], min_length=1)
    feishu_sandbox: bool = False
    feishu_sandbox_port: int = Field(SANDBOX_PORT, ge=0, le=65_535)
    feishu_max_running_handlers: int = Field(64, ge=1, le=100_000)
    feishu_api_base: str = FEISHU
    feishu_lark_api_base: str = LARK

    @field_validator("feishu_store", mode="before")
    @classmethod
    def _check_store(cls, value: object) -> object:
        if isinstance(value, str) and value.startswith(("sqlite:", "redis:", "rediss:")):
            raise ValueError("sqlite and redis come with a later version; leave it out, or use memory://")
        return value

    @field_validator("feishu_api_base", "feishu_lark_api_base", mode="before")
    @classmethod
    def _check_origin(cls, value: object) -> object:
        return _origin(str(value))


_SHORT_FORM: Final = "feishu"
_BOT_KEYS: Final = tuple(BotConfig.model_fields)
_KEYS: Final = tuple(Config.model_fields)


def load_config(raw: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Config:
    """Check and resolve the configuration.

    Args:
        raw: NoneBot's configuration as a dict (lower-case keys).
        environ: environment variables. NoneBot reads only those that its ``.env`` file names too; a container
            that sets ``FEISHU_BOTS`` in its environment alone is served from here.

    Raises:
        ConfigError: it cannot be used; the text has one line per problem.
    """
    values = {**_from_environment(environ or {}), **raw}
    problems: list[str] = []
    bots = [
        bot for label, entry in _entries(values, problems) if (bot := _load_bot(label, entry, problems)) is not None
    ]
    problems += _repeated(bots)
    settings = {key: values[key] for key in _KEYS if key != "feishu_bots" and values.get(key, "") != ""}
    try:
        config = Config.model_validate(settings)
    except ValidationError as error:
        problems += [f"{line['loc'][0]!s}".upper() + f": {_say(line)}" for line in cast("list[Any]", error.errors())]
        raise ConfigError(problems) from None
    if problems:
        raise ConfigError(problems)
    resolved = [bot.at_origin(_resolve(bot, config)) for bot in bots]
    return config.model_copy(update={"feishu_bots": resolved})


def unknown_keys(raw: Mapping[str, Any]) -> list[str]:
    """Warnings for ``FEISHU_*`` keys that this adapter does not know; others may."""
    found = [key for key in raw if key.startswith("feishu_") and key not in _KEYS]
    return [
        f"{key.upper()} is no key of this adapter; did you mean {guess[0].upper()}?"
        for key in found
        if (guess := get_close_matches(key, _KEYS, n=1, cutoff=0.8))
    ]


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, text in environ.items():
        key, *path = name.lower().split("__")
        if not (key in _KEYS or (key == _SHORT_FORM and path)):
            continue
        try:
            value: Any = json.loads(text)
        except ValueError:
            value = text
        *parents, last = [key, *path]
        target = values
        for parent in parents:
            target = cast("dict[str, Any]", target.setdefault(parent, {}))
        target[last] = value
    return values


def _entries(values: Mapping[str, Any], problems: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The entries of all bots with the label by which a problem names each."""
    bots: object = values.get("feishu_bots") or []
    if isinstance(bots, str):
        problems.append(f"FEISHU_BOTS: {explain_json(bots)}")
    elif isinstance(bots, Mapping):
        for app_id, entry in cast("Mapping[str, Any]", bots).items():
            if isinstance(entry, Mapping):
                yield (
                    f"FEISHU_BOTS[{json.dumps(app_id)}].",
                    {"app_id": app_id, **cast("dict[str, Any]", entry)},
                )
            else:
                problems.append(f'FEISHU_BOTS[{json.dumps(app_id)}]: must be an object such as {{"app_secret": ...}}')
    elif isinstance(bots, list):
        for index, entry in enumerate(cast("list[object]", bots)):
            if isinstance(entry, BotConfig):
                entry = entry.model_dump(exclude_unset=True)
            if isinstance(entry, Mapping):
                yield f"FEISHU_BOTS[{index}].", dict(cast("Mapping[str, Any]", entry))
            else:
                problems.append(f"FEISHU_BOTS[{index}]: must be an object with app_id and app_secret")
    else:
        problems.append("FEISHU_BOTS: must be a JSON list of bots, or an object keyed by app id")
    short: object = values.get(_SHORT_FORM)
    if isinstance(short, Mapping) and short:
        yield "FEISHU__", dict(cast("Mapping[str, Any]", short))


def _load_bot(label: str, entry: dict[str, Any], problems: list[str]) -> BotConfig | None:
    try:
        return BotConfig.model_validate({key: value for key, value in entry.items() if value != ""})
    except ValidationError as error:
        for line in cast("list[Any]", error.errors(include_url=False, include_input=False)):
            key = str(line["loc"][0]) if line["loc"] else ""
            shown = key.upper() if label == "FEISHU__" else key
            problems.append(f"{label}{shown}".rstrip("._") + f": {_say(line, key)}")
        return None


def _say(line: Any, key: str = "") -> str:
    kind, message = str(line["type"]), str(line["msg"])
    if kind == "missing":
        return "is missing; copy it from the console's 凭证与基础信息 (Credentials & Basic Info)"
    if kind == "extra_forbidden":
        guess = get_close_matches(key, _BOT_KEYS, n=1, cutoff=0.6)
        return "is no key of a bot; " + (
            f'did you mean "{guess[0]}"?' if guess else f"known are {', '.join(_BOT_KEYS)}"
        )
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _repeated(bots: list[BotConfig]) -> list[str]:
    ids = [bot.app_id for bot in bots]
    twice = sorted({app_id for app_id in ids if ids.count(app_id) > 1})
    return [f"FEISHU_BOTS: app_id {app_id} is configured more than once; keep one entry" for app_id in twice]


def _resolve(bot: BotConfig, config: Config) -> str:
    if bot.api_base is not None:
        return bot.api_base
    if bot.domain not in (None, "feishu", "lark"):
        return bot.domain
    return config.feishu_lark_api_base if bot.is_lark or bot.domain == "lark" else config.feishu_api_base


def explain_json(text: str) -> str:
    """Why a text is not the JSON it should be: line, column and the likely cause; never the text itself."""
    try:
        json.loads(text)
    except ValueError as error:
        where = f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else "its start"
        return f"is not JSON at {where}: {_likely_cause(text)}"
    return "must be a JSON list of bots, or an object keyed by app id"


def _likely_cause(text: str) -> str:
    stripped = text.strip()
    if any(quote in text for quote in "“”‘’"):
        return "it has typographic quotes; replace them with \" and '"
    if stripped in ("[", "{", "[{"):
        return "only its first line arrived; put single quotes around the whole JSON: FEISHU_BOTS='[...]'"
    if "".join(stripped.split()).replace(",]", "").replace(",}", "") != "".join(stripped.split()):
        return "remove the comma before the closing bracket"
    if "'" in text and '"' not in text:
        return "JSON wants double quotes around names and texts"
    if '"' not in text:
        return "the double quotes are gone; put single quotes around the whole JSON: FEISHU_BOTS='[...]'"
    if any(word in text for word in ("True", "False", "None")):
        return "JSON writes true, false and null"
    return "check brackets, commas and quotes; the whole JSON stands between single quotes: FEISHU_BOTS='[...]'"
