"""Prices that nobody asks: a random walk that does not run away."""

import math
import random
from collections.abc import Sequence

_STEP = 0.004
"""How far a price goes in one step, as a part of it."""
_PULL = 0.003
"""How strongly it is drawn back to where it began."""


class Walk:
    def __init__(self, symbols: Sequence[str], chance: random.Random) -> None:
        self._chance = chance
        self._began = {symbol: chance.uniform(20, 120) for symbol in symbols}
        self._prices = dict(self._began)

    def step(self) -> dict[str, float]:
        """Every price, one step later."""
        for symbol, price in self._prices.items():
            back = _PULL * math.log(self._began[symbol] / price)
            self._prices[symbol] = price * math.exp(self._chance.gauss(back, _STEP))
        return {symbol: round(price, 2) for symbol, price in self._prices.items()}
