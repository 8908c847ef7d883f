"""The nouns `LatePolicy` and `RateLimit`: what an assignment says about late work and about trying again.

Only a platform that tells the grader when a student handed in can make use of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

DAY = timedelta(days=1)


@dataclass(frozen=True)
class LatePolicy:
    """What late work costs."""

    percent_per_day: Fraction
    """Taken off the score for each day begun after the due date."""
    most_percent: Fraction = Fraction(100)
    """Never more than this is taken off."""
    grace_minutes: float = 0.0
    """A hand-in that is no later than this isn't late."""

    def taken(self, late: timedelta) -> Fraction:
        """Return the percentage that a hand-in this late loses, from 0 to 100."""
        if late <= timedelta(minutes=self.grace_minutes):
            return Fraction(0)
        return min(self.percent_per_day * math.ceil(late / DAY), self.most_percent)


@dataclass(frozen=True)
class RateLimit:
    """How often a student may hand in."""

    submissions: int
    """As many as this are graded..."""
    hours: float
    """...in so many hours before and including a hand-in."""
