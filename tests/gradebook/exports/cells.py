"""A sheet's text, cell by cell as it is written: what must not change can be compared."""

from __future__ import annotations


def decoded(content: bytes) -> str:
    """The text of a sheet, the mark at its beginning included."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16-le" if content[:1] == b"\xff" else "utf-16-be")
    return content.decode()


def written(text: str, delimiter: str) -> list[list[str]]:
    """The cells with their quotes, and the end of each line with its last cell."""
    rows: list[list[str]] = [[""]]
    inside = False
    for character in text:
        row = rows[-1]
        if character == '"' and (inside or row[-1] in ("", "\ufeff")):
            inside = not inside
        elif character == '"' and row[-1].endswith('"'):
            inside = True
        if inside or character not in (delimiter, "\n"):
            row[-1] += character
        elif character == delimiter:
            row.append("")
        else:
            row[-1] += character
            rows.append([""])
    return rows
