"""What names of files and folders tell: a lesson, a person, a copy, or nothing of the kind."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache

from grader.judging.course import stems

# `Copy of x`, as Google Drive and Windows put it in several languages.
_COPY_OF = re.compile(
    r"^(?:copy of|copie de|copia de|c[oó]pia de|kopie von|kopia|kopie van|копия)\s+", re.IGNORECASE
)
_COPY_MARK = re.compile(
    r"(?P<bracket>\(\d{1,3}\))|[-_ ](?P<word>copy\s{0,9}\d{0,9})|-\d{1,2}"
    r"|(?P<dash>\s-\s{1,9}(?:copy|kopie|copie|copia))",
    re.IGNORECASE,
)
_LONGEST_MARK = 30  # characters, so that long names are not read again and again
_NOTEBOOK = re.compile(r"\.ipynb(?:\.(?:txt|json|html?|download|crdownload|bin))?$", re.IGNORECASE)
_SUFFIX = re.compile(r"\.(?:tar\.\w{1,4}|\w{1,5})$")
_ARCHIVE = re.compile(r"(.+?)\.(?:zip|tar|tgz|tbz2?|txz|tar\.(?:gz|bz2|xz))", re.I | re.S)
_SEPARATORS = " _-.,+~"

# What a folder is called that is nobody's name: wrappers, and folders inside a student's own.
_NUMBERED = (
    r"lessons?|lectures?|weeks?|hws?|homeworks?|assignments?|assn|labs?|ps|psets?"
    r"|problem[ _-]?sets?|exercises?|ex|units?|modules?|chapters?|projects?|tasks?|days?|sessions?"
    r"|sections?|parts?|quiz(?:zes)?|midterm|final|exams?|aufgaben?|blatt|übung(?:en)?|devoirs?|tp|td|tareas?"
    r"|semesters?|terms?|fall|spring|summer|winter|autumn|ws|ss|作业|作業|实验"
)
_WORDS = (
    r"submi(?:ssions?|tted)(?:[ _-]files?)?|exports?|downloads?|downloaded|hand[ _-]?ins?|inbound"
    r"|uploads?|attachments?|notebooks?|src|code|files?|content|home|work|jupyter"
    r"|colab[ _-]notebooks|data|datasets?|docs?|images?|img|figures?"
    r"|course|class|classes|students?|all|archives?"
    r"|solutions?|answers?|starter|released?|source|templates?|tests?|results?|graded?|grading"
    r"|feedback|untitled(?:[ _-]folder)?|new[ _-]folder|neuer ordner|repos?|repositories|main"
    r"|master|scratch|misc|other|my ?drive|drive|desktop|documents|late|on[ _-]?time"
)
_GENERIC = re.compile(
    rf"(?:(?:{_NUMBERED})[ _-]*\d*|{_WORDS}"
    r"|.*[ _-](?:submissions?|export|downloads?|files)(?:-\d+)?"
    r"|(?:19|20)\d\d(?:[ _-].*)?|v\d+)",
    re.IGNORECASE,
)
_COURSE = re.compile(r"[A-Z]{2,6}[ _-]?\d{2,4}[A-Z]?")
# Words beside a lesson's name that name nobody: `01_convolution_final_v2`.
_NEVER_NAMES = (
    r"final|finished|solved|solutions?+|answers?+|answered|submi(?:t|ssion|tted)|cop(?:y|ie)|kopie"
    r"|edit(?:ed)?+|fixed|updated?+|version|draft|completed?+|latest|backup|bak|scratch|notebook"
    r"|homework|hw|assignment|lesson|exercise|week|checkpoint|untitled|graded|colab|(?:v|rev)\d++"
)
# Such words, and what may be a name or an initial as well; of what has both, the longer first.
_MAYBE_NAMES = (
    r"done|my|mine|new|old|version|v|rev|real|last|best|late|test|lab|ex|of|the|and|a|\d++"
)
# Possessive, as digits or words that can be split in many ways would take forever.
_NO_PERSON = re.compile(rf"(?:{_NEVER_NAMES}|{_MAYBE_NAMES})*+", re.IGNORECASE)
_FILLER = re.compile(rf"(?:(?:{_NEVER_NAMES})\d*+)++", re.IGNORECASE)
_ATTEMPT = re.compile(
    r"(?:version|versión|attempt|versuch|revision|rev|submission|try|resubmission|v)"
    r"[ _.-]*(\d{1,3})(?![\w.]).*",
    re.IGNORECASE,
)


def stem_of(name: str) -> str:
    """A file's name without what says that it is a notebook, or another suffix."""
    shorter = _NOTEBOOK.sub("", name)
    return shorter if shorter != name else _SUFFIX.sub("", name)


def archive_stem(name: str) -> str:
    """The name of an archive without its suffix; any other name as it is."""
    found = _ARCHIVE.fullmatch(name)
    return found[1] if found else name


def is_called_notebook(name: str) -> bool:
    """Whether a file is called a notebook, if need be with a suffix too many."""
    return _NOTEBOOK.search(name) is not None


def without_copy_marks(stem: str) -> str:
    """`01_convolution` for `Copy of 01_convolution (1)`, `01_convolution-Copy1` and the like."""
    before = ""
    while before != stem:
        before, stem = stem, _without_copy_mark(_COPY_OF.sub("", stem))
    return stem


def _without_copy_mark(stem: str) -> str:
    """A stem without the mark at its end, where there is one."""
    begin = max(0, len(stem) - _LONGEST_MARK)
    tail = stem[begin:]
    found = next((one for one in _COPY_MARK.finditer(tail) if one.end() == len(tail)), None)
    if found is None:
        return stem
    rest = stem[: begin + found.start()]
    if found["word"] is not None:
        return rest.rstrip("-_ ")
    return rest.rstrip() if found["bracket"] or found["dash"] else rest


def is_copy(stem: str) -> bool:
    """Whether a name says that the file is a copy made by a program."""
    return without_copy_marks(stem) != stem


@cache
def _lessons() -> re.Pattern[str]:
    """Finds a lesson's file name, or its name, that stands for itself in another name."""
    names = {text: name for name, stem in stems().items() for text in (stem, name)}
    any_of_them = "|".join(
        re.escape(text).replace("_", "[ _-]") for text in sorted(names, key=len, reverse=True)
    )
    return re.compile(rf"(?<![^\W_])0*(?:{any_of_them})(?![^\W_])", re.IGNORECASE)


def lesson_in(name: str) -> str | None:
    """The lesson that a file's name tells among other words; the longest, where there are two."""
    known = {text: lesson for lesson, stem in stems().items() for text in (stem, lesson)}
    found = [_plain(match.group()) for match in _lessons().finditer(name)]
    return max(
        ((text, known[text]) for text in found if text in known),
        key=lambda pair: len(pair[0]),
        default=("", None),
    )[1]


def _plain(text: str) -> str:
    return re.sub(r"[ -]", "_", text.lower())


def without_lesson(stem: str) -> str:
    """What else a name says beside a lesson's: `ana` for `ana_01_convolution_final`."""
    parts = [_without_nobodys(part.strip(_SEPARATORS)) for part in _lessons().split(stem)]
    return " ".join(filter(None, parts)).strip(_SEPARATORS)


def _without_nobodys(text: str) -> str:
    """A text without words at either end that name nobody, such as `final`.

    What may be a name, or an initial, is left beside other words: `smith_a`, `My Nguyen`.
    """
    words = re.split(r"([ _-]+)", text)
    if not any(map(_may_name, words)):
        return ""
    first, end = 0, len(words)
    while first < end and _is_filler(words[end - 1]):
        end -= 1
    while first < end and _is_filler(words[first]):
        first += 1
    return "".join(words[first:end])


def _may_name(word: str) -> bool:
    return bool(word.strip(_SEPARATORS)) and (word.isdigit() or not _NO_PERSON.fullmatch(word))


def _is_filler(word: str) -> bool:
    return not word.strip(_SEPARATORS) or _FILLER.fullmatch(word) is not None


def names_nobody(text: str) -> bool:
    """Whether none of the words could be a person's name: `final v2`, `(1)`."""
    words = [word for word in re.split(r"[\W_]+", text) if word]
    return all(_NO_PERSON.fullmatch(word) for word in words)


def is_generic(name: str) -> bool:
    """Whether a folder of this name is a wrapper, or a folder inside a student's own."""
    known = (_lessons().fullmatch(without_copy_marks(name)), _COURSE.fullmatch(name))
    return any(known) or _GENERIC.fullmatch(name) is not None


def attempt_in(folders: Collection[str]) -> int | None:
    """The number of an attempt that a folder's name tells: 2 for `Version 2`."""
    numbers = [int(found[1]) for name in folders if (found := _ATTEMPT.fullmatch(name))]
    return numbers[-1] if numbers else None
