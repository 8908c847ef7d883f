"""The nouns `LatePolicy` and `RateLimit`: an assignment's rules for late work and for repeated hand-ins.

They work only on a platform that tells the grader the time of a hand-in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

DAY = timedelta(days=1)


@dataclass(frozen=True)
class LatePolicy:
    """The deduction for late work."""

    percent_per_day: Fraction
    """The deduction for each day begun after the due date, in percent of the score."""
    most_percent: Fraction = Fraction(100)
    """The greatest deduction, in percent."""
    grace_minutes: float = 0.0
    """The delay up to which a hand-in isn't late."""

    def taken(self, late: timedelta) -> Fraction:
        """Return the percentage, from 0 to 100, that a hand-in with this delay loses."""
        if late <= timedelta(minutes=self.grace_minutes):
            return Fraction(0)
        return min(self.percent_per_day * math.ceil(late / DAY), self.most_percent)

    def days(self, late: timedelta) -> int:
        """Return the least number of days that, given as an extension, leave no deduction."""
        return max(math.ceil((late - timedelta(minutes=self.grace_minutes)) / DAY), 0)


@dataclass(frozen=True)
class RateLimit:
    """How often a student may hand in."""

    submissions: int
    """The number of hand-ins that are graded in `hours`."""
    hours: float
    """The length of the period, which ends with a hand-in and includes it."""
