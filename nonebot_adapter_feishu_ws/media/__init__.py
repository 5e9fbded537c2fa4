"""Files: read or fetched, checked, and uploaded when their message is sent; identical content only once."""

from .kinds import resource_of
from .upload import Uploads

__all__ = ["Uploads", "resource_of"]
