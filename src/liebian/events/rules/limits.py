"""How much a source may send: a bucket that fills with the time and is emptied by events."""

from __future__ import annotations

BURST_SECONDS = 2.0


class Bucket:
    """Lets `rate` events a second through, and two seconds' worth at once.

    A request passes whole as long as anything is left, however large it is; what it takes too much is waited for by the
    next. Otherwise a batch larger than the bucket could never pass.

    >>> bucket = Bucket(10, now=0.0)
    >>> [bucket.take(15, now=0.0), bucket.take(15, now=0.0), bucket.take(1, now=0.0)]
    [0.0, 0.0, 1.1]
    >>> bucket.take(1, now=1.1)
    0.0
    """

    __slots__ = ("_left", "_seen", "rate")

    def __init__(self, rate: int, *, now: float) -> None:
        self.rate = rate
        self._left = rate * BURST_SECONDS
        self._seen = now

    def take(self, n_events: int, *, now: float) -> float:
        """0 and the events are taken, or the seconds after which to ask again."""
        self._left = min(self.rate * BURST_SECONDS, self._left + (now - self._seen) * self.rate)
        self._seen = now
        if self._left < 1:
            return (1 - self._left) / max(self.rate, 0.001)
        self._left -= n_events
        return 0.0
