"""``python -m nonebot_adapter_feishu_ws.sandbox``: the sandbox alone, for bots in other processes."""

import argparse
import asyncio
import contextlib
import sys

from ..config import SANDBOX_PORT
from .server import Sandbox


def main() -> int:
    """Run until Ctrl+C; 1 when the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m nonebot_adapter_feishu_ws.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default: %(default)s)")
    parser.add_argument("--port", type=int, default=SANDBOX_PORT, help="0 takes a free one (default: %(default)s)")
    parser.add_argument(
        "--app",
        action="append",
        metavar="ID:SECRET[:WEBHOOK_URL]",
        help="an app; may be given several times (default: cli_sandbox:sandbox)",
    )
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(_serve(options.host, options.port, options.app or ["cli_sandbox:sandbox"]))
    return 0


async def _serve(host: str, port: int, apps: list[str]) -> int:
    sandbox = Sandbox(host=host, port=port)
    for number, text in enumerate(apps, start=1):
        app_id, _, rest = text.partition(":")
        secret, _, webhook_url = rest.partition(":")
        sandbox.add_app(app_id, secret, name=f"Sandbox bot {number}", webhook_url=webhook_url or None)
    sandbox.populate_default()
    try:
        await sandbox.start()
    except OSError as error:
        print(f"The sandbox cannot listen on {sandbox.url}: {error.strerror}. Choose another --port.", file=sys.stderr)  # noqa: T201
        return 1
    _say(f"Sandbox page: {sandbox.url}/")
    _say("A bot talks to it with this in its .env:")
    for app in sandbox.world.apps.values():
        bot = f'{{"app_id": "{app.app_id}", "app_secret": "{app.app_secret}", "domain": "{sandbox.url}"}}'
        _say(f"  FEISHU_BOTS='[{bot}]'")
    await asyncio.Event().wait()
    return 0


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this is a command, and its output is for the person who typed it


if __name__ == "__main__":
    sys.exit(main())
