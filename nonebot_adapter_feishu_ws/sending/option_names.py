"""Refuses options that do not exist, with the one that may be meant."""

import difflib
from collections.abc import Iterable


def check_names(function: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Check the names of a function's options.

    Args:
        function: its name.
        given: the names that its caller gave.
        known: those that it has.

    Raises:
        TypeError: there is no such option; the text has the one that may be meant.
    """
    names = sorted(known)
    for name in given:
        if name in names:
            continue
        alike = difflib.get_close_matches(name, names, n=1)
        advice = f"did you mean {alike[0]!r}?" if alike else f"its options are {', '.join(names)}"
        raise TypeError(f"{function}() has no option {name!r}: {advice}")
