"""Options that do not exist: refused, or for ``send`` ignored, with the one that may be meant."""

import difflib
from collections.abc import Iterable, Sequence

from ..logs import LogOnce, log

_told = LogOnce()


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


def ignore_names(function: str, given: Iterable[str], known: Sequence[str]) -> None:
    """Ignore options that are not this function's, since plugins for many platforms pass those of other adapters.

    One that looks like a misspelt one of ours is named in one WARNING.

    Args:
        function: its name.
        given: the names that its caller gave beside its own.
        known: those that it has.
    """
    for name in given:
        if (alike := difflib.get_close_matches(name, known, n=1)) and _told.first(f"{function} {name}"):
            template = "{}() has no option {!r} and ignores it: did you mean {!r}? (logged once)"
            log("WARNING", template, function, name, alike[0])
