"""``timeout(seconds)`` as an ``async with`` block.

``asyncio.wait_for`` loses a cancellation that comes together with the result before Python 3.12: a bot that was
disconnected in that moment went on, and whoever had disconnected it waited for ever.
"""

from __future__ import annotations

import sys

if sys.version_info >= (3, 11):
    from asyncio import timeout
else:
    from async_timeout import timeout

__all__ = ["timeout"]
