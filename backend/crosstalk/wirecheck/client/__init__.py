"""The client's half of the wire check: every row from a terminal, and what is wrong when one fails."""

from crosstalk.wirecheck.client.ordered import OrderedClient
from crosstalk.wirecheck.client.outcome import Outcome
from crosstalk.wirecheck.client.run import row_names, run

__all__ = ["OrderedClient", "Outcome", "row_names", "run"]
