from crosstalk.core import installation
from crosstalk.core.operations import every


@every(1.0)
def reload_keys() -> None:
    """Signs with the key that `crosstalk signing-key rotate` has made, within a second."""
    installation.reload_keys()
