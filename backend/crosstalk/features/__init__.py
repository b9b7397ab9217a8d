"""What Crosstalk can do: one folder a noun, one file a verb. Importing this declares every operation.

Features form a tower; a lower one reaches a higher one only by announcing, and the higher one listening:
health > reads streams presence typing_status > messages > rooms > accounts.
"""

import importlib
import pkgutil


def declare() -> None:
    """Imports every verb, so that the registry in core/operations is complete."""
    for found in pkgutil.walk_packages(__path__, f"{__name__}."):
        importlib.import_module(found.name)
