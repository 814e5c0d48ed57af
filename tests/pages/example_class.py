"""The records of the example class, as it was graded, with the notebooks that they are of.

`example_class.json.gz` beside this file has them, so that pages can be made without grading. When
records change, grade the class again and write them anew:

    grader grade examples/class --to /tmp/graded
    python -m tests.pages.example_class /tmp/graded
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

from grader.gradebook import gradebook_of
from grader.grading.collecting.files import fingerprint
from grader.grading.handed_in_files import path_of
from grader.report import records
from grader.results import SubmissionResult

_FILE = Path(__file__).with_name("example_class.json.gz")
_CLASS = Path(__file__).resolve().parents[2] / "examples" / "class"


def example_records() -> list[SubmissionResult]:
    """The records, by student and lesson."""
    found = json.loads(gzip.decompress(_FILE.read_bytes()))
    return [SubmissionResult.model_validate(one) for one in found]


def example_notebooks() -> dict[str, bytes]:
    """The notebooks of the example class, by the hash of their bytes."""
    contents = (path.read_bytes() for path in sorted(_CLASS.glob("*/*.ipynb")))
    return {fingerprint(content): content for content in contents}


def example_class(folder: Path) -> Path:
    """Fill `folder` as `grader grade examples/class --to folder` does; returns it."""
    found = example_records()
    with gradebook_of(folder, new=True) as book:
        book.keep_all([(one, one.notebook.sha256) for one in found], book.begin_run("class"))
    for sha256, content in example_notebooks().items():
        path = path_of(folder, sha256)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return folder


def main(folder: Path) -> None:
    """Take over the records of a folder that the example class was graded into."""
    found = [json.loads(one.to_json()) for one in records.read_all(folder)]
    for one in found:
        one["seconds"] = 0.0
        for cell in one["cells"]:
            cell["seconds"] = 0.0
    document = json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()
    _FILE.write_bytes(gzip.compress(document, mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
