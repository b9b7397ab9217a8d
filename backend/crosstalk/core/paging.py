"""Pages of a list: how many at once."""

from typing import Annotated

from pydantic import Field

PageLimit = Annotated[int, Field(ge=1, le=200, description="Maximum number of items.")]
ChangesLimit = Annotated[int, Field(ge=1, le=500, description="Maximum number of items.")]
