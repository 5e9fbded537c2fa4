"""Control routes, status page, health and metrics for operators, on NoneBot's own server."""

from .routes import Management

__all__ = ["Management"]
