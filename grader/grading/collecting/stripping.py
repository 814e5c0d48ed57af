"""What Jupyter showed under the cells of a notebook is cut out of its text before it is parsed.

Outputs, pictures pasted into text cells and the state of widgets take megabytes and say nothing
about answers. The text is cut, not parsed: it takes time in proportion to its length, and no memory
beyond what is left.
"""

from __future__ import annotations

import re

from grader.errors import Rejected

# Inside a string a quotation mark has a backslash before it, so in a JSON document these are keys.
_KEY = re.compile(rb'(?<!\\)"(?:outputs"\s*:\s*\[|(?:attachments|widgets)"\s*:\s*\{)')
_LEVELS = 4
# Each takes a microsecond; those of the innermost levels do not count.
_MOST_BRACKETS = 1_000_000


def _to_bracket(opening: bytes, closing: bytes) -> re.Pattern[bytes]:
    """Goes on to the next bracket of a kind that is not in a string, past pairs inside each other.

    Brackets of `_LEVELS` levels are passed over in one go, so that Python meets few. `*+` and `++`
    never go back, so each level is looked at once more at most.
    """
    inside = rb'[^"%b%b]++|"[^"\\]*+(?:\\.[^"\\]*+)*+"' % (opening, closing)
    level = inside
    for _ in range(_LEVELS):
        level = rb"%b|%b(?:%b)*+%b" % (inside, opening, level, closing)
    return re.compile(rb"(?:%b)*+[%b%b]" % (level, opening, closing), re.DOTALL)


_TO_BRACKET = {b"[": _to_bracket(rb"\[", rb"\]"), b"{": _to_bracket(rb"\{", rb"\}")}


def without_outputs(document: bytes) -> bytes:
    """A notebook's JSON with `[]` or `{}` in the place of its outputs, attachments and widgets.

    What is no JSON comes back in part or as it is, and is no JSON then either. Rejected where there
    are too many brackets in what is cut out.
    """
    kept: list[bytes] = []
    done = brackets = 0
    while key := _KEY.search(document, done):
        end, count = _end(document, key.end(), _MOST_BRACKETS - brackets)
        if end is None:
            break
        brackets += count
        kept.append(document[done : key.end()])
        done = end
    return b"".join([*kept, document[done:]])


def _end(document: bytes, start: int, most: int) -> tuple[int | None, int]:
    """Where the closing bracket stands for the one before `start`, and how many came until then."""
    opening = document[start - 1 : start]
    to_bracket = _TO_BRACKET[opening]
    depth, position, count = 1, start, 0
    while found := to_bracket.match(document, position):
        position, count = found.end(), count + 1
        if count > most:
            raise Rejected(
                f"The outputs of a notebook are not nested this deeply. Received: more than "
                f"{_MOST_BRACKETS} brackets inside others. Clear its outputs and hand it in again."
            )
        depth += 1 if document[position - 1 : position] == opening else -1
        if depth == 0:
            return position - 1, count
    return None, count
