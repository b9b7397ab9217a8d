"""The registry as documents: OpenAPI, AsyncAPI, the table of errors, and pages to read them."""

from crosstalk.contract.documents import write
from crosstalk.contract.pages import pages

__all__ = ["pages", "write"]
