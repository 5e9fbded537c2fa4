"""When the sandbox refuses to start: in production, and where other machines could reach it."""

from ipaddress import ip_address

from nonebot.config import Env


class SandboxError(RuntimeError):
    """The sandbox cannot start; the message says why and what to do."""


def is_loopback(host: str) -> bool:
    """Whether a host, a name or an address, is this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def check_host(host: str, switch: str) -> None:
    """Refuse to listen where other machines can connect: whoever reaches the sandbox acts as anybody in it.

    Args:
        host: where it would listen.
        switch: what the user sets to have it all the same.

    Raises:
        SandboxError: the host is not loopback.
    """
    if not is_loopback(host):
        raise SandboxError(
            f"the sandbox would listen on {host or 'all addresses'}, where other machines reach it and may speak as "
            f"anybody. Use 127.0.0.1; or set {switch}, on a network where you trust everybody"
        )


def check_production(switch: str) -> None:
    """Refuse to start where ``ENVIRONMENT=prod`` is written, in the environment or in ``.env``.

    Args:
        switch: what the user sets to have it all the same.

    Raises:
        SandboxError: it is written. NoneBot's default, which is "prod" as well, does not count.
    """
    env = Env()
    if "environment" in env.model_fields_set and env.environment.strip().lower() in ("prod", "production"):
        raise SandboxError(
            f"ENVIRONMENT={env.environment} says that this is production, where bots must talk to Feishu and not to "
            f"the local sandbox. Switch the sandbox off here; or set {switch}, if it is meant"
        )
