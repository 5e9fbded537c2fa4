"""The configuration: ``.env``, environment variables or ``nonebot.init(...)`` in, checked objects out.

Errors name the offending key (``FEISHU_BOTS[1].app_secret``), say what to do and never show a value of a bot's
entry, which may be a secret.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, cast

from nonebot.config import Config as NoneBotConfig
from nonebot.config import Env, SettingsError
from pydantic import ValidationError

from ..exception import ConfigError
from ..net.errors import proxy_variables
from .clean import COMMENT_ADVICE, has_comment, unquoted
from .models import BotConfig, Config
from .superusers import superuser_warnings

_SHORT_FORM: Final = "feishu"
_BOT_KEYS: Final = tuple(BotConfig.model_fields)
_KEYS: Final = tuple(Config.model_fields)
_NEAR: Final = (
    {key.removeprefix("feishu_"): key for key in _KEYS}
    | {key: f"feishu__{key}" for key in _BOT_KEYS}
    | {"client_id": "feishu__app_id", "app_key": "feishu__app_id", "client_secret": "feishu__app_secret"}
    | {"token": "feishu__verification_token", "http_proxy": "feishu__proxy", "https_proxy": "feishu__proxy"}
    | {"use_ws": "feishu__use_websocket", "redis_url": "feishu_store", "sandbox_mode": "feishu_sandbox"}
    | {"id": "feishu__app_id", "proxies": "feishu__proxy"}
)
"""What a key without ``feishu_`` may look like, and the key that was meant."""
_NAME: Final = re.compile(r"[a-z0-9_]+\Z")
_ODD: Final = re.compile(r"[^a-z0-9_]")
"""What is in no key, but stays there when a file is written on Windows or copied from a page."""
_OTHERS: Final = re.compile(r"(?:(?:lark|larksuite|feishu(?!_))_*)?(?:bot_*)?(?:app|client)_*(id|secret)")
"""Names that other programs have for what is a bot's id and secret here."""


def load_config(raw: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Config:
    """Check and resolve the configuration.

    Args:
        raw: NoneBot's configuration as a dict (lower-case keys).
        environ: environment variables. Of undeclared keys NoneBot reads only those that the ``.env`` file names too;
            a container that sets ``FEISHU_BOTS`` in its environment alone needs these.

    Raises:
        ConfigError: the configuration is invalid; one line per problem, and per unknown key, which may be its cause.
    """
    values = {key: _without_quotes(value) for key, value in {**_from_environment(environ or {}), **raw}.items()}
    problems: list[str] = []
    bots: list[BotConfig] = []
    for label, entry in _entries(values, problems):
        try:
            bots.append(BotConfig.model_validate({key: value for key, value in entry.items() if value != ""}))
        except ValidationError as error:
            problems += _problems(error, label, entry)
    for app_id, count in sorted(Counter(bot.app_id for bot in bots).items()):
        if count > 1:
            problems.append(f"FEISHU_BOTS: app_id {app_id} is configured more than once; keep one entry")
    settings = {key: values[key] for key in _KEYS if key != "feishu_bots" and values.get(key, "") != ""}
    try:
        config = Config.model_validate(settings)
    except ValidationError as error:
        found = [*problems, *_problems(error, settings=settings), *unknown_keys(raw, environ)]
        raise ConfigError(found) from None
    if problems:
        raise ConfigError([*problems, *unknown_keys(raw, environ)])
    resolved = [bot.at_origin(_resolve(bot, config)) for bot in bots]
    return config.model_copy(update={"feishu_bots": resolved})


def unknown_keys(raw: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> list[str]:
    """Warnings for ``FEISHU_*`` keys that this adapter does not know; others may."""
    keys = dict.fromkeys([*raw, *(name.lower() for name in environ or {})])
    warnings: list[str] = []
    for key in keys:
        name = key.removeprefix("feishu_")
        if key == _SHORT_FORM and not isinstance(raw.get(key), Mapping):
            warnings.append("FEISHU is no key of this adapter; did you mean FEISHU_BOTS?")
        if _NAME.match(key) is None and _ODD.sub("", key).startswith(("feishu", "exportfeishu")):
            warnings.append(f"{key.upper()!r} is not read: a key has letters, digits and underscores alone")
        if name == key or key in _KEYS or key.startswith("feishu__"):
            continue
        if name in _BOT_KEYS:
            right = f"FEISHU__{name.upper()}"
            warnings.append(f"{key.upper()} is not read: the key of one bot has two underscores, {right}")
        elif guess := [it for it in ("app_id", "app_secret") if name.endswith(it)] or get_close_matches(
            name, _NEAR, n=1, cutoff=0.7
        ):
            warnings.append(f"{key.upper()} is no key of this adapter; did you mean {_NEAR[guess[0]].upper()}?")
    return warnings


def explain_no_bots(
    raw: Mapping[str, Any], environ: Mapping[str, str], files: Iterable[object] = (".env",)
) -> list[str]:
    """Why no bot may be configured although somebody has tried to.

    Args:
        raw: NoneBot's configuration as a dict (lower-case keys).
        environ: environment variables.
        files: the files that NoneBot reads.
    """
    folders = [file for file in files if file and Path(str(file)).is_dir()]
    found = [
        f"{it} is a folder, which docker makes where a volume's file is missing: put the file there" for it in folders
    ]
    inner = [f"{key}_{name}" for key, value in raw.items() if isinstance(value, dict) for name in cast("Any", value)]
    others = {key: it[1] for key in [*raw, *inner, *map(str.lower, environ)] if (it := _OTHERS.fullmatch(key))}
    if others:
        rights = " and ".join(dict.fromkeys(f"FEISHU__APP_{name.upper()}" for name in others.values()))
        found.append(f"{' and '.join(map(str.upper, others))} is not read here: one bot has {rights}")
    return found


def unused_proxies(config: Config, environ: Mapping[str, str], raw: Mapping[str, Any] | None = None) -> list[str]:
    """What to say of proxy variables, of the environment or ``.env``, that bots without a ``proxy`` do not use."""
    bots = [bot.app_id for bot in config.feishu_bots if bot.proxy is None and bot.enabled]
    where, names = "the environment", proxy_variables(environ)
    if not names:
        where, names = ".env", proxy_variables({key.upper(): str(value or "") for key, value in (raw or {}).items()})
    if not (bots and names) or config.feishu_sandbox:
        return []
    return [
        f"{' and '.join(names)} of {where} is not used by {', '.join(bots)}. A proxy is a key of the bot "
        '("proxy": "http://host:port", FEISHU__PROXY); without one the machine must reach Feishu by itself'
    ]


def read_files(env_file: str | None = None, init: Mapping[str, Any] | None = None) -> tuple[Config, list[str]]:
    """The configuration as a bot started in this folder would read it, and warnings about keys that may be misspelt.

    Args:
        env_file: read this file instead of those that ``nonebot.init()`` reads.
        init: the arguments of ``nonebot.init``, which come before all files.

    Raises:
        ConfigError: the configuration is invalid, or a file cannot be read.
    """
    given = dict(init or {})
    named = given.pop("_env_file", None)
    several = isinstance(named, (tuple, list))
    files = [env_file] if env_file else cast("list[str | Path]", [*named] if several else [".env", named])
    try:
        files = files if files[-1] else [".env", f".env.{Env().environment}"]
        raw = NoneBotConfig(**given, _env_file=tuple(files)).model_dump()
    except OSError as error:
        name = error.filename or files[0]
        text = f"{name} cannot be read ({error.strerror}): give the user that runs the bot the right to"
        raise ConfigError([text]) from None
    except UnicodeDecodeError:
        raise ConfigError([text for file in files if (text := _explain_encoding(file))]) from None
    except ValidationError as error:
        raise ConfigError(list(_problems(error, settings=given))) from None
    except SettingsError as error:
        advice = 'it must be JSON, such as SUPERUSERS=["feishu:ou_..."]; docker run --env-file keeps quotes around it'
        raise ConfigError([f"{error}: {advice} and comments behind it, so leave them out there"]) from None
    if unreadable := [text for file in files if (text := _explain_encoding(file))]:
        raise ConfigError(unreadable)
    config = load_config(raw, os.environ)
    found = [*unknown_keys(raw, os.environ), *unused_proxies(config, os.environ, raw), *superuser_warnings(raw)]
    found += [] if config.feishu_bots else explain_no_bots(raw, os.environ, files)
    is_missing = env_file and not Path(env_file).exists()
    return config, [f"{env_file} does not exist", *found] if is_missing else found


def _explain_encoding(file: object) -> str:
    """Why NoneBot cannot read a file; empty if it can."""
    path = Path(str(file))
    content = path.read_bytes() if path.is_file() else b""
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content  # no mark: ASCII in it reads as UTF-8
    kind = "UTF-16" if wide else "another encoding, such as GBK"
    try:
        content.replace(b"\0", b"\xff").decode()
    except UnicodeDecodeError:
        return f"{path} is written in {kind}: NoneBot reads UTF-8 only. Save it as UTF-8 (Notepad: Save as)"
    return ""


def _without_quotes(value: Any) -> Any:
    if isinstance(value, dict):  # the short form
        return {key: unquoted(each) for key, each in cast("dict[str, Any]", value).items()}
    inner = unquoted(value)
    try:  # docker also keeps the backslashes of "[{\"app_id\": ...}]", which is JSON inside of a JSON string
        return json.loads(inner) if isinstance(inner, str) and inner[:1] in ("[", "{") else inner
    except ValueError:
        return inner


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
            if not isinstance(target.setdefault(parent, {}), dict):
                target[parent] = {}  # the narrower key counts, as for NoneBot
            target = target[parent]
        target[last] = value
    return values


def _entries(values: Mapping[str, Any], problems: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The entries of all bots, each with its label for error messages."""
    bots: object = values.get("feishu_bots") or []
    if isinstance(bots, str):
        problems.append(f"FEISHU_BOTS: {explain_json(bots)}")
    elif isinstance(bots, Mapping):
        for app_id, entry in cast("Mapping[str, Any]", bots).items():
            label = f"FEISHU_BOTS[{json.dumps(app_id)}]"
            if isinstance(entry, Mapping):
                yield f"{label}.", {"app_id": app_id, **cast("dict[str, Any]", entry)}
            else:
                meant = f"; the key of one bot is FEISHU__{app_id.upper()}" if app_id in _BOT_KEYS else ""
                problems.append(f'{label}: must be an object such as {{"app_secret": ...}}{meant}')
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


def _problems(error: ValidationError, label: str = "", settings: Mapping[str, Any] | None = None) -> Iterator[str]:
    for line in error.errors(include_url=False, include_input=False):
        key = str(line["loc"][0]) if line["loc"] else ""
        shown = key if label.startswith("FEISHU_BOTS") else key.upper()
        commented = has_comment((settings or {}).get(key))
        said = COMMENT_ADVICE if commented else _say(line["type"], line["msg"], key)
        yield f"{label}{shown}".rstrip("._") + f": {said}"


def _say(kind: str, message: str, key: str) -> str:
    if kind == "missing":
        return "is missing; copy it from the console's 凭证与基础信息 (Credentials & Basic Info)"
    if kind == "extra_forbidden":
        if (whole := f"feishu_{key}") in _KEYS:
            return f"is no key of a bot but one of the adapter: {whole.upper()}, with one underscore"
        guess = get_close_matches(key, _BOT_KEYS, n=1, cutoff=0.6)
        odd = "" if _NAME.match(key.lower()) else f", as it has a character that no key has ({key!a})"
        return f"is no key of a bot{odd}; " + (
            f'did you mean "{guess[0]}"?' if guess else f"known are {', '.join(_BOT_KEYS)}"
        )
    if kind in ("bool_parsing", "bool_type"):
        return "must be true or false"
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _resolve(bot: BotConfig, config: Config) -> str:
    if bot.api_base is not None:
        return bot.api_base
    if bot.domain not in (None, "feishu", "lark"):
        return bot.domain
    return config.feishu_lark_api_base if bot.is_lark or bot.domain == "lark" else config.feishu_api_base


def explain_json(text: str) -> str:
    """Why a text is not valid JSON: line, column and likely cause; never the text itself."""
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
    if (end := max(text.rfind("]"), text.rfind("}"))) >= 0 and "#" in text[end:]:
        return f"it {COMMENT_ADVICE}"
    if '\\"' in text:
        return "remove the backslashes before the double quotes; the whole JSON stands between single quotes"
    if stripped.lstrip("'\"") in ("[", "{", "[{"):
        return "only its first line arrived; put single quotes around the whole JSON: FEISHU_BOTS='[...]'"
    if "".join(stripped.split()).replace(",]", "").replace(",}", "") != "".join(stripped.split()):
        return "remove the comma before the closing bracket"
    if stripped[-1:] in (",", ";"):
        return f"remove the {stripped[-1]} behind it"
    if "'" in text and '"' not in text:
        return "JSON wants double quotes around names and texts"
    if '"' not in text:
        return "the double quotes are gone; put single quotes around the whole JSON: FEISHU_BOTS='[...]'"
    if any(word in text for word in ("True", "False", "None")):
        return "JSON writes true, false and null"
    return "check brackets, commas and quotes; the whole JSON stands between single quotes: FEISHU_BOTS='[...]'"
