"""``python -m nonebot_adapter_feishu_ws.doctor``: checks ``.env`` and every bot in it.

Exit code: 0 when the bots can work, 1 when something must be fixed, 2 when the configuration cannot be used.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from ..config import BotConfig, Config, read_files
from ..exception import ConfigError
from .bot_file import init_arguments
from .checks import Finding, Level, examine
from .report import to_text
from .store import examine_store

_NEXT = "Put an app's FEISHU__APP_ID and FEISHU__APP_SECRET into .env in place of FEISHU_SANDBOX to have it checked."


def main(arguments: list[str] | None = None) -> int:
    """Run the doctor with these arguments, or those of the process; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m nonebot_adapter_feishu_ws.doctor",
        description="Check .env, credentials, domain, bot, scopes, other clients and the published version.",
    )
    parser.add_argument("--env-file", help="read this file instead of .env and .env.{ENVIRONMENT}")
    parser.add_argument("--bot-file", help="the script whose nonebot.init(...) counts, too (bot.py)")
    parser.add_argument("app_id", nargs="*", help="only these bots")
    options = parser.parse_args(arguments)
    try:
        script = Path(options.bot_file or "bot.py")
        config, warnings = read_files(options.env_file, init_arguments(script) if script.is_file() else None)
    except ConfigError as error:
        print(f"The configuration cannot be used:\n{error}", file=sys.stderr)  # noqa: T201 - a command prints
        return 2
    bots = [bot for bot in config.feishu_bots if not options.app_id or bot.app_id in options.app_id]
    if unknown := set(options.app_id) - {bot.app_id for bot in bots}:
        print(f"Not configured: {', '.join(sorted(unknown))}", file=sys.stderr)  # noqa: T201
        return 2
    if options.bot_file and not script.is_file():
        warnings.append(f"{script} is no file")
    for warning in [*warnings, *_general(config, bots)]:
        print(f"WARN {warning}")  # noqa: T201
    if not bots and config.feishu_sandbox:
        print("No bot is configured: the sandbox makes one, and there is nothing to ask Feishu. " + _NEXT)  # noqa: T201
        return 0
    if not bots:
        print("No bot is configured: set FEISHU_BOTS in .env, or name your script: --bot-file", file=sys.stderr)  # noqa: T201
        return 2
    failed = _show("FEISHU_STORE", asyncio.run(examine_store(config.feishu_store)))
    return asyncio.run(_examine_all(bots, backfill=config.feishu_backfill_after is not None)) or int(failed)


def _general(config: Config, bots: list[BotConfig]) -> list[str]:
    warnings: list[str] = []
    if config.feishu_sandbox:
        warnings.append("FEISHU_SANDBOX is true: the bots talk to the local sandbox, not to Feishu")
    warnings += [f"bot {bot.app_id} is disabled in .env" for bot in bots if not bot.enabled]
    project = Path("pyproject.toml")
    if project.is_file() and "nonebot.adapters.feishu" in project.read_text("utf-8", "replace"):
        warnings.append(
            "pyproject.toml names nonebot.adapters.feishu: NoneBot uses only the first adapter named Feishu; remove it"
        )
    return warnings


async def _examine_all(bots: list[BotConfig], *, backfill: bool) -> int:
    failed = False
    for bot in bots:
        findings = await examine(bot, backfill=backfill)
        failed |= _show(f"{bot.app_id} ({bot.name})" if bot.name else bot.app_id, findings)
    return int(failed)


def _show(title: str, findings: Sequence[Finding]) -> bool:
    """Print findings; returns whether one must be fixed."""
    print(title)  # noqa: T201
    print(to_text(findings))  # noqa: T201
    return any(finding.level is Level.PROBLEM for finding in findings)


if __name__ == "__main__":
    sys.exit(main())
