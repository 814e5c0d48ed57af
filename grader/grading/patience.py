"""How long the code of one submission is waited for, when more and more of it does not end."""

from __future__ import annotations

# What did not end may have cost so many limits of a cell before the rest is waited for less.
_BUDGET = 1.5
# What a cell is waited for then, and one that calls what did not end, in seconds: many times what
# the cells of a lesson take that trains no network.
_SHORT_CELL, _ENDLESS_CELL = 2.0, 1.0


class Patience:
    """How long cells and calls may take, in seconds, where a cell may usually take `cell`.

    All have their whole limit until one and a half limits of a cell went to what did not end. Then
    calls have a quarter of their exercise's seconds and cells 2 s: a notebook with a loop in every
    exercise would take a quarter of an hour otherwise. In a lesson that `trains` networks, a cell
    keeps its limit, for nothing tells a training from a loop until it ends.
    """

    def __init__(self, cell: float, *, trains: bool) -> None:
        self._cell = cell
        self._trains = trains
        self._left = _BUDGET * cell

    def lose(self, seconds: float) -> None:
        """Remember that so many seconds went to something that did not end."""
        self._left = max(0.0, self._left - seconds)

    def for_call(self, seconds: float, short: float) -> float:
        """How long a call is waited for: `seconds` as long as little is lost, `short` at least."""
        return max(min(seconds, self._left), short)

    def for_cell(self, *, calls_endless: bool) -> float:
        """How long a cell is waited for.

        One that `calls_endless`, a function which did not end when the judge called it, would most
        likely not end either. So it is waited for less from the beginning on.
        """
        if calls_endless and not self._trains:
            return min(_ENDLESS_CELL, self._cell)
        if self._trains and not calls_endless:
            return self._cell
        usual = self._cell / 2 if calls_endless else self._cell
        return max(min(usual, self._left), min(_SHORT_CELL, self._cell))
