"""How often a caller may ask, and how much of the server's time that may take. One policy for REST and commands.

Two bounds hold side by side, both declared beside each operation:

* `@limit("100 per 10 seconds")` counts one operation of one person, or of one network for callers without a token.
* `@cost(…)` gives an operation a price in units. A unit is at most 0.3 ms of the server's CPU time: one small write, 1 KiB
  of text, or an event for 100 connections. A person and a network each have a budget of units, which refills with time.

All guests of a network share its bounds, so that entering under many names wins nothing. Accounts share a larger budget: behind
the address of a large site or a carrier there are many people.
"""

import math
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from prometheus_client import Counter

from crosstalk.core.actor import Actor, Caller
from crosstalk.core.errors import CrosstalkError
from crosstalk.core.network import UNKNOWN, network_of, parse_address
from crosstalk.core.operations import OPERATIONS, Operation
from crosstalk.core.security_log import security_event
from crosstalk.core.windows import Rate, Windows, rate_of

CONNECTIONS_A_UNIT = 100
TEXT_A_UNIT = 1_024
GUESTS_A_NETWORK = 10
"""The guests of a network together may do so many times what `@limit` grants one person."""
LOOPBACK_FACTOR = 4
"""Behind a proxy that is not configured every caller has the address 127.0.0.1, or none on a Unix socket."""
_LOG_S = 60.0
_SWEEP_S = 60.0
_limited = Counter("crosstalk_limited", "Operations refused by a limit", ["operation"])


@dataclass(frozen=True, slots=True)
class Budget:
    """Units that may be spent at once, and how many come back a second."""

    burst: int
    per_second: int


# Four people who spend all of theirs without a pause take 12 % of one CPU.
PERSON = Budget(400, 100)
GUESTS = Budget(2_000, 500)
ACCOUNTS = Budget(8_000, 2_000)


@lru_cache(maxsize=4096)
def counted_network(address: str) -> tuple[str, bool]:
    """The network of a caller, and whether it is the server's own machine."""
    network, parsed = network_of(address), parse_address(address)
    return network, network == UNKNOWN or (parsed is not None and parsed.is_loopback)


class _Wallets:
    """What each person and network has spent: when its budget will be full again (the generic cell rate algorithm)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._full_at: dict[str, float] = {}
        self._swept = time.monotonic()

    def take(self, units: int, *wanted: tuple[str, Budget]) -> tuple[str, float] | None:
        """Spends the units of all the budgets or of none. Returns the name of the one that refuses, and for how long."""
        now = time.monotonic()
        with self._lock:
            if now - self._swept > _SWEEP_S:
                self._sweep(now)
            spent: list[tuple[str, float]] = []
            for name, budget in wanted:
                full_at = max(now, self._full_at.get(name, 0.0)) + units / budget.per_second
                wait = full_at - now - budget.burst / budget.per_second
                if wait > 1e-6:
                    return name, wait
                spent.append((name, full_at))
            self._full_at.update(spent)
        return None

    def _sweep(self, now: float) -> None:
        self._full_at = {name: full_at for name, full_at in self._full_at.items() if full_at > now}
        self._swept = now


class Limits:
    """The counters of this process."""

    def __init__(self, *, on: bool) -> None:
        self.on = on
        self._windows = Windows()
        self._wallets = _Wallets()
        self._logged: dict[tuple[str, str], float] = {}

    def rates(self) -> dict[str, str] | None:
        """Command → rate, for `session:ready`: `10 per 1 minute`, `10 per 1 minute per room_id`; None when limits are off."""
        if not self.on:
            return None
        return {one.command: one.frequency for one in OPERATIONS.values() if one.command and one.frequency}

    def budget(self) -> Budget | None:
        """The units of a person, for `session:ready`."""
        return PERSON if self.on else None

    def check(self, operation: Operation, caller: Caller, door: int = 0) -> None:
        """Counts one more, before its input is read. `door` is what the way to the operation costs, in units. Raises
        `rate_limited` with the seconds to wait."""
        if self.on and operation.rate is not None:
            if operation.rate_per is None:
                self._count(operation, caller, "")
            # Leaving and renewing are never refused for what was done before: they cost 0, and have a rate alone.
            if operation.cost != 0:
                self._spend(operation, caller, door + (operation.cost if isinstance(operation.cost, int) else 1))

    def charge(self, operation: Operation, caller: Caller, body: Any) -> None:
        """Counts what depends on the input: the rate of one room, and a price that is computed. Raises as `check` does."""
        if not self.on or operation.rate is None:
            return
        if operation.rate_per is not None:
            self._count(operation, caller, getattr(body, operation.rate_per))
        if not isinstance(operation.cost, int) and (units := operation.cost(body)) > 1:
            self._spend(operation, caller, units - 1)

    def _count(self, operation: Operation, caller: Caller, thing: str) -> None:
        rate = rate_of(operation.rate or "")
        network, local = counted_network(caller.address)
        if not isinstance(caller, Actor):
            self._hit(operation, caller, rate.amount, rate, network, thing)
            return
        self._hit(operation, caller, rate.amount, rate, caller.user_id, thing)
        if caller.guest:
            times = GUESTS_A_NETWORK * (LOOPBACK_FACTOR if local else 1)
            self._hit(operation, caller, times * rate.amount, rate, f"guests {network}", thing)

    def _hit(self, operation: Operation, caller: Caller, amount: int, rate: Rate, counted: str, thing: str) -> None:
        wait = self._windows.hit((operation.name, counted, thing), Rate(amount, rate.seconds))
        if wait:
            scope = f" for one {operation.rate_per}" if operation.rate_per else ""
            network = " for all guests of this network" if amount > rate.amount else ""
            most = f"at most {amount} requests per {rate.seconds} seconds{scope}{network}"
            self._refuse(operation, caller, f"{operation.command or operation.name} takes {most}.", wait)

    def _spend(self, operation: Operation, caller: Caller, units: int) -> None:
        network, local = counted_network(caller.address)
        # A price beyond a person's whole budget takes all of it.
        units = min(units, PERSON.burst)
        if isinstance(caller, Actor) and not caller.guest:
            refused = self._wallets.take(units, (caller.user_id, PERSON), (f"accounts {network}", ACCOUNTS))
        elif isinstance(caller, Actor):
            shared = f"guests {network}", ACCOUNTS if local else GUESTS
            refused = self._wallets.take(units, (caller.user_id, PERSON), shared)
        else:
            # Apart from the guests: they must not keep others of their network from signing in.
            refused = self._wallets.take(units, (f"no token {network}", ACCOUNTS if local else GUESTS))
        if refused is not None:
            name, wait = refused
            budget = "Your budget" if isinstance(caller, Actor) and name == caller.user_id else "The budget of this network"
            self._refuse(operation, caller, f"{budget} is used up. Retry {operation.command or operation.name} later.", wait)

    def _refuse(self, operation: Operation, caller: Caller, message: str, wait: float) -> None:
        _limited.labels(operation.name).inc()
        self._log(operation, caller)
        raise CrosstalkError("rate_limited", message, retry_after=math.ceil(max(wait, 0.1) * 10) / 10)

    def _log(self, operation: Operation, caller: Caller) -> None:
        # One line a minute for an operation of a caller: a flood must not fill the log as well.
        now = time.monotonic()
        user_id = caller.user_id if isinstance(caller, Actor) else None
        key = operation.name, user_id or counted_network(caller.address)[0]
        if now - self._logged.get(key, -_LOG_S) < _LOG_S:
            return
        if len(self._logged) > 1_000:
            self._logged = {known: at for known, at in self._logged.items() if now - at < _LOG_S}
        self._logged[key] = now
        security_event(
            "limit", "limited", operation=operation.name, user_id=user_id, address=counted_network(caller.address)[0]
        )
