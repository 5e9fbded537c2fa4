"""A local Feishu: discovery, gateway, REST, webhook delivery and a chat page on one loopback port.

For trying a bot without an account, for developing plugins offline, and as the other end of the tests.
"""

from .faults import Fault, Faults
from .gateway import Delivery
from .guard import SandboxError
from .rest.cards import Click
from .server import Sandbox
from .state import App, Chat, Message, User
from .thread import SandboxThread

__all__ = [
    "App",
    "Chat",
    "Click",
    "Delivery",
    "Fault",
    "Faults",
    "Message",
    "Sandbox",
    "SandboxError",
    "SandboxThread",
    "User",
]
