"""What GitHub Actions is told: our annotations, and never a student's command."""

import io
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from grader.report.github import SUMMARY_BYTES, annotations, commands_stopped, summary, write
from grader.results import ExerciseResult, SubmissionResult, Verdict
from tests.report.samples import (
    FLIPPED,
    HOSTILE,
    check,
    exercise,
    flipped,
    hostile,
    passed,
    submission,
)

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
HOSTILE_TEXT = st.text(st.sampled_from("`~<>&\n\r:%,#[]()@*_|!-=+w.h tp/\\ 1a\u202e"), max_size=60)
TAGS = {"h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td"}
TAGS |= {"blockquote", "strong", "pre", "code", "ul", "li"}


@dataclass(frozen=True)
class Command:
    """A workflow command as GitHub's runner reads it off a line."""

    name: str
    properties: dict[str, str]
    message: str


def obeyed(output: str) -> list[Command]:
    """The commands that a runner would obey, by the rules of its ActionCommandManager.

    `::name key=value,…::message` at the start of a line, or `##[name]message` anywhere in one;
    none between `::stop-commands::TOKEN` and `::TOKEN::`.
    """
    found, token = [], ""
    for line in re.split(r"\r\n|\r|\n", output):
        new = re.match(r"\s*::([^ ]+?)(?: (.*?))?::(.*)", line)
        old = re.search(r"##\[([^] ]+)(?: ([^]]*))?\](.*)", line)
        match = new or old
        if match is None or (token and match[1] != token):
            continue
        if match[1] == token:
            token = ""
        elif match[1] == "stop-commands":
            token = match[3]
        else:
            pairs = (pair.split("=", 1) for pair in (match[2] or "").split(","))
            properties = {pair[0]: unescaped(pair[1], ":,") for pair in pairs if len(pair) == 2}
            found.append(Command(match[1], properties, unescaped(match[3], "")))
    assert not token, "the commands are stopped for good"
    return found


def unescaped(text: str, also: str) -> str:
    """`text` with percent escapes read back, `%25` last."""
    for character in ("\r", "\n", *also, "%"):
        text = text.replace(f"%{ord(character):02X}", character)
    return text


def printed(*results: SubmissionResult) -> str:
    """What is written to standard output."""
    out = io.StringIO()
    write(results, out, {})
    return out.getvalue()


def saying(text: str) -> SubmissionResult:
    """A submission that says `text` wherever a student's text can stand."""
    failed = check(Verdict.ERROR, name=text).model_copy(
        update={"message": text, "call": text, "hint": text, "statement": text}
    )
    wrong = exercise(failed, message=text, diagnosis=text, flags=(text,))
    return submission(wrong, student=text, lesson=text, path=text, message=text)


def failing(count: int) -> list[ExerciseResult]:
    """That many failed exercises, only the last of them diagnosed."""
    exercises = [exercise(check(Verdict.FAILED), id=f"e{number}") for number in range(count - 1)]
    return [*exercises, exercise(check(Verdict.FAILED), id="last", diagnosis=FLIPPED)]


def test_a_failed_exercise_is_one_error() -> None:
    """An unhappy exercise is one error on its notebook, with its diagnosis."""
    [command] = obeyed(printed(submission(flipped(), passed())))
    assert command.name == "error"
    assert command.properties == {
        "file": "submissions/ana.ipynb",
        "title": "ana · convolve2d: failed",
    }
    assert command.message == FLIPPED


def test_without_a_diagnosis_the_first_unhappy_check_speaks() -> None:
    """Where no misconception is recognized, the first check that failed is quoted."""
    undiagnosed = flipped().model_copy(update={"diagnosis": None})
    [command] = obeyed(printed(submission(undiagnosed)))
    statement, message = command.message.split("\n")
    assert statement.startswith("Each value is the sum")
    assert message.startswith("4 of 6 values differ")


def test_a_rejected_notebook_is_one_error() -> None:
    """A notebook that could not be graded is an error with the reason."""
    [command] = obeyed(printed(submission(verdict=Verdict.REJECTED, message="No notebook.")))
    assert command.message == "No notebook."


def test_a_broken_check_is_our_fault() -> None:
    """A broken exercise is reported as ours."""
    broken = exercise(check(Verdict.BROKEN), verdict=Verdict.BROKEN)
    [command] = obeyed(printed(submission(broken, verdict=Verdict.BROKEN)))
    assert command.message.startswith("The fault is ours")


def test_at_most_ten_errors() -> None:
    """Of more than ten errors nine are shown, diagnosed ones first; the tenth counts the rest."""
    commands = obeyed(printed(submission(*failing(14))))
    assert len(commands) == 10
    assert commands[0].message == FLIPPED
    assert commands[-1].message.startswith("5 more exercises without full marks: the job summary")
    assert len(obeyed(printed(submission(*failing(10))))) == 10


def test_hostile_text_is_no_command() -> None:
    """However it is written, a student's text never becomes a command of its own."""
    commands = obeyed(printed(submission(hostile(), student=HOSTILE, path=HOSTILE)))
    assert [command.name for command in commands] == ["error"]
    assert "##[error]owned" in commands[0].message


@given(HOSTILE_TEXT | ANY_TEXT)
def test_any_text_gives_exactly_our_commands(text: str) -> None:
    """Whatever is said, the runner obeys one error with the three parts that we meant."""
    [line] = annotations([saying(text)])
    assert len(line.splitlines()) == 1
    [command] = obeyed(printed(saying(text)))
    assert command.name == "error"
    assert set(command.properties) <= {"file", "title"}


def test_other_output_can_be_made_harmless() -> None:
    """What is printed while commands are stopped is shown and not obeyed."""
    out = io.StringIO()
    with commands_stopped(out):
        out.write("::error::owned\n##[error]owned\n::stop-commands::mine\n::mine::\n::error::again")
    out.write("::notice::ours\n")
    assert [command.name for command in obeyed(out.getvalue())] == ["notice"]


def test_the_token_is_drawn_anew() -> None:
    """Nobody can know the token that starts the commands again."""
    tokens = {re.search(r"stop-commands::(\w{32})", printed(submission(passed()))) for _ in "ab"}
    assert len({token[1] for token in tokens if token}) == 2


class Tags(HTMLParser):
    """Collects what a rendered page consists of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.headings = 0
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called for each start tag."""
        self.tags.add(tag)
        self.headings += tag in ("h1", "h2", "h3", "h4", "h5", "h6")
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        """Called for the text between tags."""
        self.text += data


def rendered(markdown: str) -> Tags:
    """The summary as a Markdown renderer that lets HTML through shows it."""
    page = Tags()
    page.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown))
    return page


def test_the_summary_shows_every_exercise() -> None:
    """A table lists the exercises with verdict and score; what failed is explained below."""
    page = rendered(summary([submission(flipped(), passed())]))
    assert {"table", "pre", "blockquote"} <= page.tags
    words = " ".join(page.text.split())
    assert "convolve2d – Slide a kernel over an image ✘ failed 1/3" in words
    assert "relu – Slide a kernel over an image ✔ passed 1/1" in words
    assert f"This looks like: {FLIPPED}" in words
    assert "[-4]  2   5               [ 4] -2   7" in page.text


@settings(deadline=None)
@given(HOSTILE_TEXT | ANY_TEXT)
def test_any_text_is_text_in_the_summary(text: str) -> None:
    """No tag, link, image, heading or mention comes out of a student's text."""
    page = rendered(summary([saying(text)]))
    assert page.tags <= TAGS
    assert page.attributes <= {"class", "style"}
    assert page.headings == 2


def test_hostile_text_can_be_read_in_the_summary() -> None:
    """Escaped text is shown as it was written, without any mention, reference or link."""
    markdown = summary([saying("@octocat #12 <b> [x](http://a.b) www.a.b `c` | d\n```\n# e")])
    heading = markdown.splitlines()[0]
    assert not re.search(r"@\w|#\d+\W|://|www\.|<b>|`|\|", heading.replace("&#", ""))
    shown = rendered(heading).text.replace("\u2060", "")
    assert r"@octocat #12 <b> [x](http://a.b) www.a.b `c` | d\n```\n# e" in shown


def test_a_fence_is_longer_than_any_in_it() -> None:
    """Text full of backticks stays inside its code block."""
    page = rendered(summary([saying("```\n`````\n<script>x</script>\n# title\n~~~~")]))
    assert page.tags <= TAGS
    assert "<script>x</script>" in page.text


def test_the_summary_keeps_to_the_limit_of_github() -> None:
    """A summary that is too long ends within 1 MiB, with a sentence that says what is left out."""
    talker = saying("\U000e0001" * 10_000)
    markdown = summary([talker] * 400)
    assert len(markdown.encode()) <= SUMMARY_BYTES
    assert re.search(r"… \d+ more parts left out: GitHub shows at most 1 MiB", markdown)
    assert summary([submission(passed())], limit=0) == ""


def test_the_summary_is_appended(tmp_path: Path) -> None:
    """The summary follows what earlier steps of the job wrote, and the limit counts for both."""
    file = tmp_path / "summary.md"
    file.write_text("# Before")
    out = io.StringIO()
    write([submission(flipped())], out, {"GITHUB_STEP_SUMMARY": str(file)})
    assert file.read_text().startswith("# Before\n## ✘ ana")
    file.write_bytes(b"x" * (SUMMARY_BYTES - 500))
    write([submission(flipped())], out, {"GITHUB_STEP_SUMMARY": str(file)})
    assert file.stat().st_size <= SUMMARY_BYTES
    assert "left out" in file.read_text()


def test_without_a_summary_file_only_the_log_is_written() -> None:
    """Outside GitHub's runner the log has the outcome of each submission and the errors."""
    text = printed(submission(flipped()))
    assert "ana · convolution: partly passed, 1/3" in text
    assert "::error " in text
