"""What a page that is sent to a student must not say, looked for in the pages of a whole class."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from grader.authoring.source import BEGIN, END
from grader.gradebook import gradebook_of
from grader.grading.handed_in_files import notebook_bytes
from grader.judging.course import stems
from grader.kernel.mounted import course_notebooks
from grader.pages import lesson_page
from grader.pages.material import Material

COURSE = Path(__file__).resolve().parents[2]
_ABSOLUTE = re.compile(r"(?<![\w/.:<])/(?:home|root|tmp|work|usr|var|opt|proc|etc|mnt)/[\w./-]*")
_TELLING = 25  # characters: a shorter line, such as `return total`, may be anybody's


class _Text(HTMLParser):
    """The text of a page, and what its links lead to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.links: list[str] = []
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts += [
            value or "" for name, value in attrs if name in ("alt", "title", "aria-label")
        ]
        self.links += [value or "" for name, value in attrs if name in ("href", "action")]


def leaks_in(folder: Path) -> tuple[int, list[str]]:
    """How many pages there are of the class in `folder`, and what they say and should not."""
    with gradebook_of(folder) as book:
        material = Material.of(folder, book)
    students = [person.name for person in material.people]
    secrets = [path.read_text().strip() for path in folder.glob("seed*")]
    found, count = [], 0
    for student, lessons in material.by_student.items():
        for lesson in lessons:
            count += 1
            html = lesson_page.self_contained(material, student, lesson)
            own = _own(material, student, lesson)
            places = [str(folder), str(COURSE), str(Path.home())]
            others = [name for name in students if name != student]
            said = list(_leaks(html, lesson, own, [*others, *places, *secrets]))
            found += [f"{student}, {lesson}: {one}" for one in said]
    return count, found


def _leaks(html: str, lesson: str, own: str, forbidden: list[str]) -> Iterator[str]:
    page = _Text(html)
    text = "".join(page.parts)
    yield from (f"says {one!r}" for one in forbidden if one in html)
    yield from (f"path {one!r}" for one in _ABSOLUTE.findall(text) if one not in own)
    yield from (f"links {one!r}" for one in page.links if not one.startswith("#"))
    yield from (
        f"solution {line!r}" for line in solution_lines(lesson) if line in text and line not in own
    )


def _own(material: Material, student: str, lesson: str) -> str:
    """What is the student's own: the code and texts of the notebook that was handed in."""
    result = material.results.get((student, lesson))
    content = notebook_bytes(material.folder, result.notebook.sha256) if result else None
    try:
        cells = json.loads(content or b"{}").get("cells", [])
    except ValueError:
        return (content or b"").decode(errors="replace")
    return "\n".join("".join(cell["source"]) for cell in cells)


def solution_lines(lesson: str) -> list[str]:
    """The lines of a lesson's solutions that tell something and that no student begins with."""
    stem = stems()[lesson]
    source = (COURSE / "solutions" / f"{stem}.py").read_text(encoding="utf-8")
    [starter] = [path for path in course_notebooks() if path.stem == stem]
    handed_out = "".join(
        "".join(cell["source"]) for cell in json.loads(starter.read_bytes())["cells"]
    )
    blocks = re.findall(rf"{re.escape(BEGIN)}\n(.*?){re.escape(END)}", source, re.DOTALL)
    lines = {line.strip() for block in blocks for line in block.splitlines()}
    return sorted(line for line in lines if len(line) >= _TELLING and line not in handed_out)
