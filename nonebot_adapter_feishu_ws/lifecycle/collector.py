"""Python's garbage collector, in a process that makes the same few objects for each event, for months."""

import gc
from typing import Final

OLDER: Final = 2
"""Collections of one generation before the next older one is collected as well."""


def tune_collector(threshold: int) -> None:
    """Let the collector run less often, and never again over what the start has built.

    Each event leaves some hundred objects in cycles: tasks, exceptions and their tracebacks. By default Python looks
    for them after 700 new objects, every few events, and again and again through all modules and models.

    Args:
        threshold: new objects before the collector runs; 0, or less than the process has chosen, changes nothing.
    """
    if not gc.isenabled() or threshold <= gc.get_threshold()[0]:
        return
    gc.freeze()
    gc.set_threshold(threshold, OLDER, OLDER)
