"""``python -m nonebot_adapter_feishu_ws.sandbox``: the sandbox alone, for bots in other processes."""

import argparse
import asyncio
import contextlib
import sys
from pathlib import Path

from ..config import SANDBOX_PORT
from .guard import SandboxError, check_host, check_production
from .server import Sandbox
from .state import DEFAULT_APP, DEFAULT_SECRET
from .tls import data_folder, server_context

_DEFAULT = f"{DEFAULT_APP}:{DEFAULT_SECRET}"


def main() -> int:
    """Run until Ctrl+C; 1 when it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m nonebot_adapter_feishu_ws.sandbox", description=__doc__)
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="where to listen (default: %(default)s)")
    add("--port", type=int, default=SANDBOX_PORT, help="0 takes a free one (default: %(default)s)")
    add(
        "--app",
        action="append",
        metavar="ID:SECRET[:WEBHOOK_URL]",
        help=f"an app; may be given several times (default: {_DEFAULT})",
    )
    add("--keep", type=Path, metavar="FILE", help="keep chats and history there, over restarts")
    add("--tls", action="store_true", help="a proxy that passes as Feishu, for clients whose host is hard-coded")
    add("--proxy-port", type=int, default=SANDBOX_PORT + 1, help="of that proxy (default: %(default)s)")
    add("--https-port", type=int, help="with --tls: serve https there too, for clients that use no proxy")
    add("--beyond-loopback", action="store_true", help="allow a --host that other machines can reach")
    add("--in-production", action="store_true", help="start even where ENVIRONMENT=prod is written")
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        try:
            if not options.in_production:
                check_production("--in-production")
            if not options.beyond_loopback:
                check_host(options.host, "--beyond-loopback")
            return asyncio.run(_serve(options))
        except SandboxError as error:
            return _complain(str(error))
    return 0


async def _serve(options: argparse.Namespace) -> int:
    sandbox = Sandbox(host=options.host, port=options.port, beyond_loopback=True, keep=options.keep)
    for number, text in enumerate(options.app or [_DEFAULT], start=1):
        app_id, _, rest = text.partition(":")
        secret, _, webhook_url = rest.partition(":")
        sandbox.add_app(app_id, secret, name=f"Sandbox bot {number}", webhook_url=webhook_url or None)
    sandbox.populate_default()
    try:
        await sandbox.start()
    except OSError as error:
        return _complain(f"the sandbox cannot listen on {sandbox.url}: {error.strerror}. Choose another --port")
    _say(f"Sandbox page: {sandbox.url}/")
    _say("A bot talks to it with this in its .env:")
    for app in sandbox.world.apps.values():
        bot = f'{{"app_id": "{app.app_id}", "app_secret": "{app.app_secret}", "domain": "{sandbox.url}"}}'
        _say(f"  FEISHU_BOTS='[{bot}]'")
    if options.tls:
        context, certificate = server_context(data_folder())
        try:
            proxy = await sandbox.open_proxy(context, options.proxy_port, options.https_port)
        except OSError as error:
            return _complain(f"--tls cannot listen: {error.strerror}. Choose another --proxy-port or --https-port")
        _say("A client whose host is hard-coded talks to it with this in its environment, and nothing leaves:")
        _say(f"  HTTPS_PROXY={proxy}")
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
            _say(f"  {name}={certificate}")
    await asyncio.Event().wait()
    return 0


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this is a command, and its output is for the person who typed it


def _complain(text: str) -> int:
    print(f"{text[0].upper()}{text[1:]}.", file=sys.stderr)  # noqa: T201
    return 1


if __name__ == "__main__":
    sys.exit(main())
