"""``python -m nonebot_adapter_feishu_ws.create``: scan a QR code with Feishu, and an app with a bot is in ``.env``.

Feishu makes the app by the official SDK's ``register_app`` (一键创建应用), with the scopes and events that a bot needs.
Not tried on the real platform yet; the sandbox plays its part.

Exit code: 0 when the app is in the file, 1 when none was made, 2 when the file has a bot already or cannot be used.
"""

import argparse
import asyncio
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from ..config import read_files
from ..exception import ApiNotAvailable, ConfigError
from ..net.bounded_json import as_object
from ..net.lark_sdk import RegistrationFailed, register_app
from .env_file import add_bot, names_bot

SCOPES = (
    "im:message",
    "im:message:send_as_bot",
    "im:message.p2p_msg:readonly",
    "im:message.group_at_msg:readonly",
    "im:resource",
    "cardkit:card:write",
)
ADDONS: dict[str, Any] = {
    "scopes": {"tenant": list(SCOPES)},
    "events": {"items": {"tenant": ["im.message.receive_v1"]}},
    "callbacks": {"items": ["card.action.trigger"]},
}
ACCOUNTS, LARK_ACCOUNTS = "https://accounts.feishu.cn", "https://accounts.larksuite.com"
WAYS_OUT = {
    "access_denied": "the request was turned down in Feishu. Run this again, and confirm it there",
    "expired_token": "nobody confirmed it in time. Run this again for a new code",
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command with these arguments, or those of the process; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m nonebot_adapter_feishu_ws.create",
        description="Make a Feishu app with a bot by scanning a QR code, and write its id and secret into .env.",
    )
    parser.add_argument("--env-file", default=".env", help="where they are written (default: %(default)s)")
    parser.add_argument("--name", help="the app's name; it can be changed in Feishu")
    parser.add_argument("--sandbox", metavar="URL", help="make it in this sandbox, such as http://127.0.0.1:8790")
    options = parser.parse_args(arguments)
    file = Path(options.env_file)
    if named := names_bot(file):
        return _complain(
            f"{file} has a bot already ({named}). Name another file with --env-file, or remove it there", 2
        )
    try:
        made = asyncio.run(_register(options.name, options.sandbox))
    except RegistrationFailed as error:
        return _complain(f"No app was made: {WAYS_OUT.get(error.code, error)}", 1)
    except (ApiNotAvailable, OSError) as error:
        return _complain(f"No app was made: {error}", 1)
    except KeyboardInterrupt:
        return _complain("No app was made", 1)
    add_bot(file, made["client_id"], made["client_secret"], _domain(made, options.sandbox))
    try:
        read_files(str(file))
    except ConfigError as error:
        return _complain(
            f"{file} has the new app {made['client_id']}, and cannot be used for another reason:\n{error}", 2
        )
    _say(f"The app {made['client_id']} is in {file}. Start your bot; then choose the long connection in the console:")
    _say("事件与回调 (Events & Callbacks) > 使用长连接接收事件. The doctor checks the rest:")
    _say("python -m nonebot_adapter_feishu_ws.doctor")
    return 0


async def _register(name: str | None, sandbox: str | None) -> dict[str, Any]:
    return await register_app(
        _show_code,
        domain=sandbox or ACCOUNTS,
        lark_domain=sandbox or LARK_ACCOUNTS,
        addons=ADDONS,
        app_preset={"name": name} if name else None,
    )


def _show_code(code: dict[str, Any]) -> None:
    url, minutes = str(code["url"]), int(code["expire_in"]) // 60
    try:
        segno: Any = import_module("segno")  # the extra "qr"
    except ImportError:
        _say('(For a QR code here: pip install "nonebot-adapter-feishu-ws[qr]")')
    else:
        segno.make(url, error="l", micro=False).terminal(compact=True, border=2)
    _say(f"Scan this with Feishu, or open it, within {minutes} minutes:\n{url}\nWaiting for you to confirm ...")


def _domain(made: dict[str, Any], sandbox: str | None) -> str | None:
    return sandbox or ("lark" if as_object(made.get("user_info")).get("tenant_brand") == "lark" else None)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this is a command, and its output is for the person who typed it


def _complain(text: str, code: int) -> int:
    print(f"{text}.", file=sys.stderr)  # noqa: T201
    return code


if __name__ == "__main__":
    sys.exit(main())
