"""What an engine counts. It is read from other threads, and never exact to the last one."""

from collections import Counter
from dataclasses import dataclass, field

# Flushes of up to 1, 2, 4, … frames.
FLUSH_SIZES = 14


@dataclass
class Stats:
    deliveries: int = 0
    """Packets handed to sessions."""
    cuts: Counter[str] = field(default_factory=Counter)
    """Sessions that the server ended, by reason."""
    unread: Counter[str] = field(default_factory=Counter)
    """Packets that were refused without being parsed, by the bound that they break."""
    refusals: Counter[str] = field(default_factory=Counter)
    """Requests that were refused, by reason."""
    flushes: list[int] = field(default_factory=lambda: [0] * FLUSH_SIZES)
    """Writes of the loop, by the number of frames: at index n those of more than 2^(n-1) and at most 2^n."""
    frames: int = 0
    """Frames in all these writes."""

    def count_flush(self, frames: int) -> None:
        self.frames += frames
        self.flushes[min((frames - 1).bit_length(), FLUSH_SIZES - 1)] += 1
