"""Files: read or fetched, checked, and uploaded when their message is sent; identical content only once."""

from .download import download
from .kinds import resource_of
from .upload import Uploads

__all__ = ["Uploads", "download", "resource_of"]
