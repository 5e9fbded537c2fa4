"""What a bot's script gives to ``nonebot.init``, which may configure bots that stand in no ``.env``."""

import runpy
import sys
from pathlib import Path
from typing import Any

import nonebot

from ..exception import ConfigError


class _Reached(BaseException):
    """The call was made; nothing after it runs."""


def init_arguments(path: Path) -> dict[str, Any]:
    """Run a script up to its call of ``nonebot.init``, and return the arguments; without such a call, none.

    Raises:
        ConfigError: the script fails before.
    """
    given: dict[str, Any] = {}

    def init(**arguments: Any) -> None:
        given.update(arguments)
        raise _Reached

    original, nonebot.init = nonebot.init, init
    arguments, sys.argv = sys.argv, [str(path)]  # the doctor's own are none of the script's
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        runpy.run_path(str(path), run_name="__main__")
    except _Reached:
        pass
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it is the user's script
        why = f"{type(error).__name__}: {error}"
        raise ConfigError([f"{path} ends before it calls nonebot.init ({why}); --bot-file names another"]) from None
    finally:
        nonebot.init, sys.argv = original, arguments
        sys.path.pop(0)
    return given
