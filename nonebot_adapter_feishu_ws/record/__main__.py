"""``python -m nonebot_adapter_feishu_ws.record bot.py -o traffic.jsonl``: runs a bot as it is, and records its traffic.

The recording holds what came and what was sent, with ids, names, texts, keys and secrets replaced, for the sandbox to
replay: ``Sandbox.replay("traffic.jsonl")``.
"""

import argparse
import json
import os
import runpy
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Run the bot until it ends; 2 when there is no such file."""
    parser = argparse.ArgumentParser(
        prog="python -m nonebot_adapter_feishu_ws.record",
        description="Run a bot and record its traffic without ids, names, texts, keys and secrets.",
    )
    add = parser.add_argument
    add("script", nargs="?", default="bot.py", help="the bot's script (default: %(default)s)")
    add("-o", "--output", type=Path, default=Path("traffic.jsonl"), help="the recording (default: %(default)s)")
    add("--keep-text", action="store_true", help="keep what people write, but for ids, addresses, numbers and keys")
    add("--keep", action="append", default=[], metavar="FIELD", help="keep the values of a field; several times")
    options = parser.parse_args(arguments)
    script = Path(options.script)
    if not script.is_file():
        print(f"There is no {script}: name the script that starts your bot", file=sys.stderr)  # noqa: T201 - a command
        return 2
    os.environ["FEISHU_RECORD"] = str(options.output.absolute())
    os.environ["FEISHU_RECORD_TEXT"] = str(options.keep_text).lower()
    os.environ["FEISHU_RECORD_KEEP"] = json.dumps(options.keep)
    sys.argv = [str(script)]
    sys.path.insert(0, str(script.parent.resolve()))
    runpy.run_path(str(script), run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main())
