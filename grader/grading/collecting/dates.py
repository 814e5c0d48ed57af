"""Dates as people and platforms write them → ISO 8601."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan januar january janvier enero gennaio januari",
            "feb februar february fevrier febrero febbraio februari",
            "mar marz march mars marzo maart mrz",
            "apr april avril abril aprile",
            "may mai mayo maggio mei maj",
            "jun juni june juin junio giugno",
            "jul juli july juillet julio luglio",
            "aug august aout agosto augustus augusti",
            "sep sept september septembre septiembre settembre",
            "oct okt october oktober octobre octubre ottobre",
            "nov november novembre noviembre",
            "dec dez december dezember decembre diciembre dicembre",
        ),
        start=1,
    )
    for name in names.split()
}
_ACCENTS = str.maketrans("äéèûàôí", "aeeuaoi")
_CLOCK = re.compile(r"\b(\d{1,2})[:.h](\d{2})(?:[:.](\d{2}))?\s*([ap])?\.?(?:m\b\.?)?", re.I)
_END_OF_DAY = (23, 59, 59)
_DAY_FIRST, _MONTH_FIRST = "day first", "month first"


def dates(written: Sequence[str]) -> list[str | None]:
    """Each date in ISO 8601, empty where there is none, None where it is not understood.

    Without a time, it is the end of that day. Of 02/03/2026, the other dates of the same column
    tell whether the day or the month comes first; where they do not, it is not understood.
    """
    orders = {order for one in written if (order := _order(one))}
    order = orders.pop() if len(orders) == 1 else ""
    return [_iso(one.strip(), order) for one in written]


def _order(text: str) -> str:
    """Whether the day or the month comes first, where a date with strokes can only be read so."""
    found = re.match(r"\s*(\d{1,2})/(\d{1,2})/\d{2,4}", text)
    if not found:
        return ""
    first, second = int(found[1]), int(found[2])
    return _DAY_FIRST if first > 12 else _MONTH_FIRST if second > 12 else ""


def _iso(text: str, order: str) -> str | None:
    if not text:
        return ""
    if re.match(r"\d{4}-\d{2}-\d{2}", text):
        whole = re.sub(r"\s*(?:Z|UTC|GMT)$", "+00:00", text)
        whole = re.sub(r"\s+([+-]\d{2}:?\d{2})$", r"\1", whole)
        with suppress(ValueError):
            return _written(datetime.fromisoformat(whole), has_time=len(text) > 10)
    clock, date = _taken_apart(text)
    day = _day(date, order)
    if clock is None or day is None:
        return None
    with suppress(ValueError):
        return _written(datetime(*day, *clock), has_time=True)  # noqa: DTZ001 - the course's zone
    return None


def _written(when: datetime, *, has_time: bool) -> str:
    if not has_time:
        when = when.replace(hour=23, minute=59, second=59)
    return when.isoformat(timespec="seconds")


def _taken_apart(text: str) -> tuple[tuple[int, int, int] | None, str]:
    """The time of day (the end of it where none is written), and the rest; None if impossible."""
    # In 03.02.2026 no time stands: what has two dots is a date.
    day = re.match(r"\s*\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b", text)
    begin = day.end() if day else 0
    found = _CLOCK.search(text, begin)
    if found is None:
        return _END_OF_DAY, text
    hour = int(found[1])
    if found[4]:
        if not 1 <= hour <= 12:
            return None, text
        hour = hour % 12 + (12 if found[4].lower() == "p" else 0)
    rest = f"{text[: found.start()]} {text[found.end() :]}"
    return (hour, int(found[2]), int(found[3] or 0)), rest


def _day(text: str, order: str) -> tuple[int, int, int] | None:
    """The year, month and day of a date without its time."""
    clean = re.sub(r"\b(?:uhr|at|um|of|de|den|t)\b", " ", text.casefold().translate(_ACCENTS))
    words = re.findall(r"[^\W\d_]+", clean)
    months = [_MONTHS[word] for word in words if word in _MONTHS]
    numbers = re.findall(r"\d+", clean)
    if len(months) == 1 and len(numbers) == 2:
        year = next((one for one in numbers if len(one) == 4), "")
        if not year:
            return None
        numbers.remove(year)
        return int(year), months[0], int(numbers[0])
    if len(numbers) != 3 or months:
        return None
    first, second, third = numbers
    if len(first) == 4:
        return int(first), int(second), int(third)
    year_number = int(third) + (2000 if len(third) == 2 else 0)
    if len(third) not in (2, 4):
        return None
    if "/" in clean and not order:
        return None
    if order == _MONTH_FIRST and "/" in clean:
        return year_number, int(first), int(second)
    return year_number, int(second), int(first)
