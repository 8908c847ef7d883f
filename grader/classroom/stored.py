"""A report as JSON and back, without loss: a run that goes on has the same numbers as one that never stopped."""

from __future__ import annotations

import json
from dataclasses import is_dataclass
from fractions import Fraction
from typing import Any

from grader.report import CheckResult, LeaderboardRow, PartScore, Report, TestResult

FORMAT = 4
"""Raised when an older program couldn't read a newer file."""


def encode(report: Report) -> str:
    """Return the report as JSON; a score is an exact fraction, such as "3/2"."""
    return json.dumps({"format": FORMAT, **vars(report)}, default=_plain) + "\n"


def _plain(value: Any) -> Any:
    """A dataclass by its fields, and a fraction as text; `asdict` would copy everything first, which takes longer."""
    return vars(value) if is_dataclass(value) else str(value)


def decode(text: str) -> Report:
    """Return the report in `text`; raises ValueError if it isn't a whole one of this format."""
    try:
        fields: dict[str, Any] = json.loads(text)
        if fields.pop("format") not in (1, 2, 3, FORMAT):  # the older formats have fewer fields, with the same meaning
            raise ValueError("another version of the grader wrote this report")
        return Report(
            **{
                **fields,
                "parts": tuple(
                    PartScore(**{**_exact(part), "manual": Fraction(part.get("manual", 0))}) for part in fields["parts"]
                ),
                "tests": tuple(_test(test) for test in fields["tests"]),
                "leaderboard": tuple(LeaderboardRow(**row) for row in fields["leaderboard"]),
                "columns": tuple((name, order) for name, order in fields.get("columns", ())),
                "notes": tuple(fields["notes"]),
                "staff_notes": tuple(fields["staff_notes"]),
                "kept": Fraction(fields["kept"]),
            }
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"it isn't a whole report ({error})") from None


def _exact(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "score": Fraction(fields["score"]), "max_score": Fraction(fields["max_score"])}


def _test(fields: dict[str, Any]) -> TestResult:
    checks = tuple(CheckResult(**check) for check in fields["checks"])
    lists = {name: tuple(fields.get(name, ())) for name in ("tags", "paid_in")}
    return TestResult(**{**_exact(fields), "checks": checks, **lists})
