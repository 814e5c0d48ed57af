"""A person's name in the forms that platforms make of it, to be compared."""

from __future__ import annotations

import re
import unicodedata

_WITH_ID = re.compile(r"\s\([^()]*\d[^()]*\)\s*$")

# Letters that no normal form takes apart.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th",
                        "ı": "i", "’": "'", "ʼ": "'"})  # fmt: skip


def first_last(name: str) -> str:
    """A name as it is spoken: `Doe, Jane` becomes `Jane Doe`."""
    last, comma, first = name.partition(",")
    if not comma or "," in first or not first.strip():
        return " ".join(name.split())
    return " ".join(f"{first} {last}".split())


def _bare(name: str) -> str:
    """A name without what stands behind it in brackets, such as an id."""
    bare = spaced = first_last(_WITH_ID.sub("", name))  # `Doe, Jane (4711)`, before it is turned
    while bare.endswith(")"):
        bare, bracket, inside = bare.rpartition("(")
        if not bracket or ")" in inside[:-1]:
            break
        bare = spaced = bare.rstrip()
    return spaced or name


def spoken(name: str) -> str:
    """The nearest form: the same letters, accents and order."""
    return unicodedata.normalize("NFKC", _bare(name)).casefold()


def in_any_order(name: str) -> str:
    """Without accents, and whichever name comes first."""
    return " ".join(sorted(_words(name)))


def as_one_word(name: str) -> str:
    """Without accents, signs and spaces, in the order in which it stands."""
    return "".join(_words(name))


def run_together(name: str) -> set[str]:
    """Without accents and spaces, from each of its words on: `janedoe` and `doejane`.

    Some platforms drop letters that are not of English: those forms are told, too.
    """
    words = _words(name)
    turned = [words[place:] + words[:place] for place in range(len(words))]
    forms = {"".join(filter(str.isalnum, "".join(turn))) for turn in turned}
    english = _bare(unicodedata.normalize("NFC", name)).casefold().split()
    for place in range(len(english)):
        letters = "".join(english[place:] + english[:place])
        forms.add("".join(one for one in letters if one.isascii() and one.isalnum()))
    return {form for form in forms if len(form) > 2}


def _words(name: str) -> list[str]:
    """The words of a name, without accents and signs."""
    folded = _bare(name).casefold().translate(_PLAIN)
    apart = unicodedata.normalize("NFKD", folded)
    plain = "".join(one for one in apart if not unicodedata.combining(one))
    spaced = "".join(one if one.isalnum() or one == "'" else " " for one in plain)
    return spaced.replace("'", "").split()
