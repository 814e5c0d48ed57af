"""The folder of pages: all there, linked, replaced as a whole, and only where it is ours."""

from __future__ import annotations

import fcntl
import json
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from grader.errors import UsageError
from grader.gradebook import gradebook_of
from grader.grading.collecting.own_output import PAGES_LIST
from grader.grading.collecting.submissions import collect
from grader.pages import class_page, site
from grader.pages.material import Material
from grader.pages.site import jobs_of, write_site
from grader.results import Verdict
from tests.cli.test_cli import run
from tests.gradebook.records import exercise, result
from tests.notebooks import RIGHT, cells_of, write_notebook


class _Page(HTMLParser):
    """The links and the ids of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.ids += [told["id"]] if told.get("id") else []  # type: ignore[list-item]
        if tag == "a" and told.get("href"):
            self.links.append(str(told["href"]))


def pages_in(folder: Path) -> set[str]:
    """The addresses of all pages in a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.html")}


def test_every_link_leads_to_a_page_and_a_place_in_it(material: Material, tmp_path: Path) -> None:
    """No link of any page is dead, whatever the names of the students are."""
    written = write_site(material, tmp_path / "pages")
    assert not written.failures
    assert written.pages == len(pages_in(tmp_path / "pages"))
    pages = {path: _Page(path) for path in (tmp_path / "pages").rglob("*.html")}
    followed = 0
    for path, page in pages.items():
        for link in page.links:
            address, _, place = link.partition("#")
            assert "://" not in link
            target = (path.parent / unquote(address)).resolve() if address else path
            assert target in pages, (path, link)
            assert not place or unquote(place) in pages[target].ids, (path, link)
            followed += 1
    assert followed > 100


def test_several_processes_write_the_same_pages(material: Material, tmp_path: Path) -> None:
    """Two processes write, byte by byte, what one writes."""
    steps: list[None] = []
    one = write_site(material, tmp_path / "one")
    two = write_site(material, tmp_path / "two", processes=2, on_job=lambda: steps.append(None))
    assert one == two
    assert len(steps) == len(jobs_of(material))
    for address in pages_in(tmp_path / "one"):
        content = [(tmp_path / folder / address).read_bytes() for folder in ("one", "two")]
        assert content[0] == content[1], address


def test_pages_of_who_is_gone_are_removed(material: Material, tmp_path: Path) -> None:
    """Of a student who is no more there nothing stays; what is not ours does."""
    pages = tmp_path / "pages"
    write_site(material, pages)
    (pages / "students" / "notes.html").write_text("mine", encoding="utf-8")
    fewer = replace(
        material,
        standings=tuple(one for one in material.standings if one.person.name != "Ada Abel"),
        results={key: one for key, one in material.results.items() if key[0] != "Ada Abel"},
    )
    written = write_site(fewer, pages)
    assert written.removed == 3
    assert not (pages / "students" / "Ada Abel").exists()
    assert (pages / "students" / "notes.html").read_text(encoding="utf-8") == "mine"
    assert "Ada Abel" not in (pages / "index.html").read_text(encoding="utf-8")


def test_an_interrupted_run_leaves_whole_pages_and_the_next_one_knows_them(
    material: Material, tmp_path: Path
) -> None:
    """After Ctrl-C each page that is there is whole, and none is forgotten when it is to go."""
    pages = tmp_path / "pages"

    def interrupt() -> None:
        if len(pages_in(pages)) > 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_site(material, pages, on_job=interrupt)
    assert not (pages / "index.html").exists()  # nobody is led to what is not there
    for address in pages_in(pages):
        assert (pages / address).read_text(encoding="utf-8").rstrip().endswith("</html>")
    nobody = replace(material, standings=(), statistics=(), results={})
    write_site(nobody, pages)
    assert pages_in(pages) == {"index.html"}


def test_only_a_folder_of_ours_is_written_into(material: Material, tmp_path: Path) -> None:
    """A folder with anything else in it, a file, and a list that was changed are refused."""
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "index.html").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="something else"):
        write_site(material, other)
    assert [path.name for path in other.iterdir()] == ["index.html"]
    with pytest.raises(UsageError, match="which is a file"):
        write_site(material, other / "index.html")
    ours = tmp_path / "ours"
    ours.mkdir()
    (ours / PAGES_LIST).write_text('{"not": "a list"}', encoding="utf-8")
    with pytest.raises(UsageError, match="was changed"):
        write_site(material, ours)


def test_a_changed_list_removes_nothing_outside(material: Material, tmp_path: Path) -> None:
    """Whatever stands in the list of our pages, only pages below the folder are removed."""
    (tmp_path / "mine.html").write_text("mine", encoding="utf-8")
    pages = tmp_path / "pages"
    pages.mkdir()
    outside = ["../mine.html", str(tmp_path / "mine.html"), "students/../../mine.html"]
    (pages / PAGES_LIST).write_text(json.dumps(outside), encoding="utf-8")
    assert write_site(material, pages).removed == 0
    assert (tmp_path / "mine.html").exists()


def test_one_process_at_a_time_writes(material: Material, tmp_path: Path) -> None:
    """While another one writes into the folder, the second is told to wait."""
    pages = tmp_path / "pages"
    write_site(material, pages)
    with (pages / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="at a time"):
            write_site(material, pages)


def test_a_page_that_cannot_be_made_is_no_trouble_of_the_others(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours in one page is told, in its place too; all other pages are there."""

    def fails(_material: Material) -> str:
        raise ZeroDivisionError("<b>ours</b>")

    monkeypatch.setattr(class_page, "page", fails)
    written = write_site(material, tmp_path / "pages")
    assert [one.address for one in written.failures] == ["index.html"]
    assert written.pages == len(pages_in(tmp_path / "pages")) > 20
    page = (tmp_path / "pages" / "index.html").read_text(encoding="utf-8")
    assert "The fault is ours" in page
    assert "&lt;b&gt;ours" in page


def test_a_process_that_dies_is_told(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one of several processes is killed, its status is told, and no page is half."""
    monkeypatch.setattr(site, "_write", lambda *_: __import__("os")._exit(7))
    with pytest.raises(RuntimeError, match="ended with 7"):
        write_site(material, tmp_path / "pages", processes=2)
    assert pages_in(tmp_path / "pages") == set()


def test_report_writes_the_pages_of_a_folder(class_folder: Path, tmp_path: Path) -> None:
    """`grader report` says where to begin, and what it lacks where nothing was graded."""
    graded = tmp_path / "graded"
    shutil.copytree(class_folder, graded)
    done = run("report", graded, "--quiet")
    assert done.returncode == 0, done.stderr
    assert f"Open {graded / 'pages' / 'index.html'}" in done.stderr
    assert done.stdout == ""
    # Graded into the folder of the class, they are no student's.
    write_notebook(graded / "ana" / "convolution.ipynb", ["good = 1"])
    assert [one.student for one in collect([graded]).submissions] == ["ana"]
    assert not collect([graded]).missing
    with gradebook_of(tmp_path / "empty", new=True):
        pass
    empty = run("report", tmp_path / "empty")
    assert empty.returncode == 2
    assert "nobody is graded yet" in empty.stderr


def test_pages_follow_the_gradebook(class_folder: Path, tmp_path: Path) -> None:
    """What was graded since stands in the pages that are written next."""
    graded = tmp_path / "graded"
    shutil.copytree(class_folder, graded)
    with gradebook_of(graded) as book:
        write_site(Material.of(graded, book), graded / "pages")
        new = result("Nia New", exercise("relu", verdict=Verdict.PASSED), file="f")
        book.keep(new)
        write_site(Material.of(graded, book), graded / "pages")
    assert (graded / "pages" / "students" / "Nia New" / "convolution.html").exists()
    assert "Nia New" in (graded / "pages" / "index.html").read_text(encoding="utf-8")


@pytest.mark.kernel
def test_grading_writes_the_pages_too(tmp_path: Path) -> None:
    """With --report, what was graded is on pages when the command ends, with its own status."""
    path = write_notebook(tmp_path / "class" / "ana" / "convolution.ipynb", cells_of(RIGHT))
    done = run(
        *("grade", path.parent.parent, "--to", tmp_path / "graded"),
        *("--isolation", "none", "--report", "--quiet"),
    )
    assert done.returncode == 1, done.stderr  # half of the lesson is answered
    pages = tmp_path / "graded" / "pages"
    assert "ana" in (pages / "index.html").read_text(encoding="utf-8")
    lesson = (pages / "students" / "ana" / "convolution.html").read_text(encoding="utf-8")
    assert "patch_response" in lesson
    assert f"Open {pages / 'index.html'}" in " ".join(done.stderr.split())
