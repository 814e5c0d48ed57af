"""Who is answered by the desk: its teacher's browser, from its own pages, and nobody else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from grader.desk.guard import Hosts
from grader.gradebook import gradebook_of
from grader.gradebook.commenting import LONGEST
from grader.pages.addresses import of_lesson, of_student
from tests.gradebook.records import exercise, result
from tests.pages.desk import Desk, open_desk

HOSTILE = (
    "../../../etc/passwd",
    "..",
    "a/b?c=d#e%2e%2e",
    "<script>fetch('/desk')</script>",
    'O\'Neil "x" onload=alert(1)',
    "\u202ereversed\x1b[2J",
    "--seed",
    "ＣＯＮ.html",
)
STRICT = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}


@pytest.fixture(scope="module")
def desk(class_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk over the small class and a few whose names want to act, entered."""
    folder = tmp_path_factory.mktemp("desk") / "graded"
    shutil.copytree(class_folder, folder)
    (folder / "seed").write_text("a secret that nobody may read", encoding="utf-8")
    with gradebook_of(folder) as book:
        for number, name in enumerate(HOSTILE):
            book.keep(result(name, exercise(), file=f"{number}"), f"hostile {number}")
    with open_desk(folder) as opened:
        yield opened.enter()


def form(desk: Desk, **more: str) -> str:
    """A form that would be kept if it came as it should."""
    fields = {"key": desk.key(), "page": of_student("Ada Abel")}
    comment = {"do": "comment", "place": "convolution", "text": "Well done."}
    return urlencode({**fields, **comment, **more})


def comments(desk: Desk) -> int:
    """How many comments Ada's page has."""
    return desk.ask(f"/{quote(of_student('Ada Abel'))}").text.count("<blockquote>")


def test_the_token_opens_once_and_leaves_the_address(desk: Desk) -> None:
    """It becomes a cookie that no script reads and no other site sends; the address loses it."""
    answer = desk.ask(f"/exercises/x.html?token={desk.token}", Cookie="")
    assert (answer.status, answer.headers["location"]) == (303, "/exercises/x.html")
    attributes = answer.headers["set-cookie"].split("; ")[1:]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(attributes)
    assert desk.token not in answer.headers["set-cookie"]
    assert desk.ask("/").status == 200


def test_the_token_leads_to_no_other_host(desk: Desk) -> None:
    """A path that names another host stays here."""
    answer = desk.ask(f"//evil.example/?token={desk.token}", Cookie="")
    assert answer.headers["location"] == "/evil.example/"


def test_a_token_from_elsewhere_needs_one_more_click(desk: Desk) -> None:
    """Followed from another site, where the cookie would not come along, it gives a link."""
    answer = desk.ask(
        f"/?token={desk.token}", Cookie="", Sec_Fetch_Site="cross-site",
        Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="document",
    )  # fmt: skip
    assert answer.status == 200
    assert "set-cookie" in answer.headers
    assert '<a href="/">' in answer.text


@pytest.mark.parametrize("path", ["/", "/desk/news", "/nothing", "/?token=", "/?token=wrong"])
def test_without_the_token_nothing_is_told(path: str, desk: Desk) -> None:
    """Neither a page nor whether it is there: one sentence, the same for all."""
    for cookie in ("", "grader-desk-1=x", desk.cookie[:-1], desk.cookie.replace("=", "=x")):
        answer = desk.ask(path, Cookie=cookie)
        assert answer.status == 403
        assert "Ada" not in answer.text
        assert "grader serve" in answer.text


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example:{port}", "", "[::1",
     "10.0.0.7:{port}", "localhost.evil.example", "127.0.0.1@evil.example"],
)  # fmt: skip
def test_another_name_is_refused(host: str, desk: Desk) -> None:
    """DNS rebinding: a page of another name that leads here is told nothing."""
    port = desk.origin.rpartition(":")[2]
    answer = desk.ask("/", host=host.format(port=port))
    refused = "Host" in answer.text or host == ""  # without any, the server itself refuses
    assert answer.status in (400, 403)
    assert refused
    assert "Ada" not in answer.text
    body = form(desk)
    assert desk.ask("/desk", "POST", body=body, host=host.format(port=port)).status in (400, 403)


def test_hosts_of_a_desk_that_is_open_to_all() -> None:
    """Bound everywhere, addresses in numbers are its own, and names of others are not."""
    everywhere, here = Hosts.of("0.0.0.0"), Hosts.of("127.0.0.1")
    assert all(one in everywhere for one in ("192.168.1.7:80", "[fe80::1]:80", "localhost"))
    assert "evil.example" not in everywhere
    assert "192.168.1.7:80" not in here
    assert all(one in here for one in ("LOCALHOST:1", "127.0.0.1", "[::1]:9"))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "https://{own}"},
        {"Origin": "http://{own}.evil.example"},
        {"Origin": "http://evil.example", "Sec_Fetch_Site": "same-origin"},
        {"Origin": "null", "Sec_Fetch_Site": "cross-site"},
    ],
    ids=str,
)
def test_what_comes_from_elsewhere_changes_nothing(headers: dict[str, str], desk: Desk) -> None:
    """Even with the cookie and the key of the form, a request of another origin is refused."""
    own = desk.origin.partition("//")[2]
    sent = {name: value.format(own=own) for name, value in headers.items()}
    before = comments(desk)
    answer = desk.ask("/desk", "POST", body=form(desk), **sent)
    assert answer.status == 403
    assert "Only pages of this desk may ask it" in answer.text
    assert comments(desk) == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"},
        {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "cors"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "iframe"},
        {"Origin": "http://evil.example"},
    ],
    ids=str,
)
def test_what_comes_from_elsewhere_reads_nothing(headers: dict[str, str], desk: Desk) -> None:
    """Pages of another origin can neither load, fetch nor frame a page of the desk."""
    for path in ("/", "/desk/news"):
        answer = desk.ask(path, **headers)
        assert answer.status == 403
        assert "Ada" not in answer.text


@pytest.mark.parametrize("key", ["", "wrong", "\udcff\x00"])
def test_a_form_without_its_key_changes_nothing(key: str, desk: Desk) -> None:
    """A request that looks as if it came from a page of the desk still needs what only that has."""
    before = comments(desk)
    body = form(desk, key=key.encode("utf-8", "surrogatepass").decode("latin-1"))
    answer = desk.ask("/desk", "POST", body=body, Sec_Fetch_Site="same-origin")
    assert (answer.status, comments(desk)) == (403, before)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(method: str, desk: Desk) -> None:
    """There is nothing that they could do, and no other origin is told that it may ask."""
    answer = desk.ask("/desk", method, Sec_Fetch_Site="same-origin")
    assert answer.status in (400, 405)
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "path",
    ["/../seed", "/seed", "/%2e%2e/seed", "/students/../../seed", "/gradebook.sqlite",
     "/students/..%2f..%2fseed", "/results/Ada%20Abel/convolution.json", "/.desk", "//seed",
     "/students/%00/index.html", "/index.html/..%5c..%5cseed", "/kept_notebooks/"],
)  # fmt: skip
def test_no_file_is_served(path: str, desk: Desk) -> None:
    """Whatever is asked for, only the pages of the class are there."""
    answer = desk.ask(path)
    assert answer.status in (400, 404)
    assert "nobody may read" not in answer.text


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_wants_to_act_is_a_name(name: str, desk: Desk) -> None:
    """Its pages are found by the links of the class page, and a comment to it is kept."""
    address, lesson = of_student(name), of_lesson(name, "convolution")
    assert f'href="{quote(address)}"' in desk.ask("/").text
    page = desk.ask(f"/{quote(lesson)}")
    assert page.status == 200
    assert "<script>fetch" not in page.text
    assert "\x1b" not in page.text
    fields = {"page": lesson, "do": "comment", "place": "convolution"}
    answer = desk.send(key=desk.key(), text="<i>Hm.</i>", **fields)
    assert answer.status == 303, answer.text
    assert answer.headers["location"].startswith(f"/{quote(lesson)}?said=")
    assert "&lt;i&gt;Hm.&lt;/i&gt;" in desk.ask(answer.headers["location"]).text


def test_a_page_that_is_of_nobody_decides_nothing(desk: Desk) -> None:
    """What a form says of its page has to be a page of a student of this class."""
    for page in ("../seed", "index.html", "", of_student("Nobody")):
        body = form(desk, page=page)
        answer = desk.ask("/desk", "POST", body=body, Sec_Fetch_Site="same-origin")
        assert answer.status == 422
        assert "about a student of this class" in answer.text


def test_a_comment_that_is_too_long_is_given_back(desk: Desk) -> None:
    """1 MB is refused with a sentence, and stands in the form; more than 4 MiB is not read."""
    before, long = comments(desk), "<b>ä" * 250_000
    body = form(desk, text=long)
    answer = desk.ask("/desk", "POST", body=body, Sec_Fetch_Site="same-origin")
    assert answer.status == 422
    assert f"at most {LONGEST:,} characters. Received: 1,000,000" in answer.text
    assert "&lt;b&gt;ä" * 250_000 in answer.text
    too_much = desk.ask("/desk", "POST", body="x" * (2**22 + 1), Sec_Fetch_Site="same-origin")
    assert too_much.status == 413
    assert comments(desk) == before


def test_strange_forms_are_answered(desk: Desk) -> None:
    """No form at all, one of a thousand fields, one that says nothing to do: a sentence each."""
    for body, status in (("", 403), ("a=b&" * 1000, 422), ("\x00=%zz&key", 403)):
        answer = desk.ask("/desk", "POST", body=body, Sec_Fetch_Site="same-origin")
        assert answer.status == status, answer.text
    answer = desk.ask("/desk", "POST", body=form(desk, do="rm"), Sec_Fetch_Site="same-origin")
    assert (answer.status, "says what to do" in answer.text) == (422, True)


def test_every_answer_has_strict_headers(desk: Desk) -> None:
    """Pages, refusals and what is not there: nothing is kept, framed, guessed or told to others."""
    answers = [
        desk.ask("/"),
        desk.ask("/desk/news"),
        desk.ask("/nothing"),
        desk.ask("/", Cookie=""),
        desk.ask("/", host="evil.example"),
        desk.ask("/desk", "POST", body="", Sec_Fetch_Site="cross-site"),
        desk.ask("/desk", "PUT", Sec_Fetch_Site="same-origin"),
    ]
    for answer in answers:
        assert STRICT.items() <= answer.headers.items()
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "base-uri 'none'" in policy
        assert "unsafe-inline" not in policy.replace("style-src 'unsafe-inline'", "")
        assert "server" not in answer.headers
