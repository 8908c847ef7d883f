"""Parses the times that sources write: ISO 8601, Ruby's, nbgrader's and Moodle's form, and digits in names."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

_TIME = re.compile(
    r"(\d{4})[-/]?(\d\d)[-/]?(\d\d)[T _-]*(\d\d)[:-]?(\d\d)(?:[:-]?(\d\d)(?:[.,](\d{1,6})\d*)?)?"
    r"\s*([A-Za-z][\w/+-]*|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_MOODLE = "%A, %d %B %Y, %I:%M %p"
_UTC = ("z", "utc", "gmt")


def parse_time(text: str, default: tzinfo | None = timezone.utc) -> datetime | None:
    """Return a time in the zone that the text names, or else in the default one; None for any other text."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return _moodle_time(text, default)
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    known = _zone(zone) if zone else default
    if zone and known is None:
        return None
    microseconds = int(f"{fraction or '0':0<6}")
    try:
        time = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or "0"), microseconds)
    except ValueError:
        return None
    return time.replace(tzinfo=known)


def _moodle_time(text: str, default: tzinfo | None) -> datetime | None:
    """A time of Moodle's worksheet in English, such as "Tuesday, 20 October 2026, 3:34 PM"; it names no zone."""
    try:
        return datetime.strptime(" ".join(text.split()), _MOODLE).replace(tzinfo=default)
    except ValueError:
        return None


def _zone(name: str) -> tzinfo | None:
    """The zone of an offset or of a name in the time zone database."""
    if name.lower() in _UTC:
        return timezone.utc
    if name[0] in "+-":
        hours, minutes = int(name[1:3]), int(name[-2:])
        offset = timedelta(hours=hours, minutes=minutes)
        return timezone(-offset if name[0] == "-" else offset) if hours < 24 and minutes < 60 else None
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError):  # no such zone, or a name that is no file of the database
        return None
