"""When something was handed in, as platforms write it → ISO 8601."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from dateutil import parser

# `2026 1011 AM`, `2026 2115`: a colon cannot stand in the names of files everywhere.
_WITHOUT_COLON = re.compile(
    r"(?<=\d{4}[ ,])(\s*)(\d{1,2})[ ._-]?(\d\d)(?=\s*(?:[AaPp]\.?[Mm]\.?)?\s*$)"
)
_ONE_NUMBER = re.compile(r"\d{14,17}")
_FIRST_YEAR, _LAST_YEAR = 1990, 2199


def iso(time: datetime) -> str:
    """`2026-02-03T10:11:12`; the zone is written where it is another than UTC.

    Platforms that know no zone of the course write UTC, and mean the course's.
    """
    if time.tzinfo is not None and not time.utcoffset():
        time = time.replace(tzinfo=None)
    return time.isoformat(timespec="seconds")


def from_words(text: str) -> str:
    """The time that words such as `Feb 4, 2026 0900 PM` tell; "" where they tell none."""
    text = _WITHOUT_COLON.sub(r"\1\2:\3", text.strip())
    try:
        time = parser.parse(text, default=datetime(1, 1, 1), tzinfos=_zone)  # noqa: DTZ001
    except (ValueError, LookupError, ArithmeticError, TypeError, AttributeError):
        return ""
    return iso(time) if _FIRST_YEAR <= time.year <= _LAST_YEAR else ""


def from_numbers(text: str) -> str:
    """The time that numbers from year to second tell, whatever stands between; "" for none."""
    text = text.strip()
    if _ONE_NUMBER.fullmatch(text):
        cuts = ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14))
        text = " ".join(text[begin:end] for begin, end in cuts)
    try:
        year, month, day, hour, minute, second = map(int, re.findall(r"[0-9]+", text)[:6])
        return iso(datetime(year, month, day, hour, minute, second))  # noqa: DTZ001
    except (ValueError, OverflowError):
        return ""


def _zone(_name: str | None, offset: int | None) -> timezone | None:
    """The zone that a text tells in numbers; names such as EST mean several."""
    return None if offset is None else timezone(timedelta(seconds=offset))
