"""Rosters of several platforms in real files, and whose hand-in is whose."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.grading.collecting.dates import dates
from grader.grading.collecting.person_names import in_any_order, run_together, spoken
from grader.grading.collecting.roster import Enrolled, Roster
from grader.grading.collecting.submissions import Collected, Missing, Submission
from grader.results import HandedIn
from tests.notebooks import RIGHT, cells_of, write_notebook

CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Lesson 1 (4711),Final Score
    Points Possible,,,,,10.00,(read only)
"Doe, Jane",10231,S-1,jdoe,"Lab A",9.5,95
"Okafor, Chidi Emeka",10233,S-3,cokafor,Lab B,,
"García López, María",10234,S-4,mgarcia,Lab B,,
"Student, Test",99999,,test,Lab A,,
"""
MOODLE_PARTICIPANTS = """\ufeffFirst name,Surname,ID number,Email address,Groups
Jane,Doe,S-1,jane.doe@uni.example,Team 1
Wei,Li,S-2,wei.li@uni.example,Team 1
"""
MOODLE_WORKSHEET = """Identifier,Full name,Email address,Status,Grade,Maximum Grade
Participant 81231,Jane Doe,jd@uni.example,Submitted for grading,,100
Participant 81232,Wei Li,wl@uni.example,No submission,,100
"""
MOODLE_GERMAN = """ID;Vollständiger Name;E-Mail-Adresse;Status
Teilnehmer/in81231;Jürgen Groß;jg@uni.example;Abgegeben
"""
BLACKBOARD = "Last Name\tFirst Name\tUsername\tStudent ID\tLast Access\nDoe\tJane\tjdoe\t00123\t-\n"
BRIGHTSPACE = """OrgDefinedId,Username,Last Name,First Name,Email,End-of-Line Indicator
#00123,#jdoe,Doe,Jane,jd@uni.example,#
"""
NBGRADER = """assignment,duedate,timestamp,student_id,last_name,first_name,email,raw_score
ps1,2026-02-03 00:00:00,,jdoe,Doe,Jane,jd@uni.example,3
ps2,2026-02-10 00:00:00,,jdoe,Doe,Jane,jd@uni.example,4
ps1,2026-02-03 00:00:00,,wli,Li,Wei,,0
"""
GITHUB = """"identifier","github_username","github_id","name"
"Jane Doe","janedoe","5512",""
"li-wei@uni.example","weili","5513",""
"""
OWN = """Kurs CNN 2026

Name;Vorname;Matrikel;Übungsgruppe;Gruppe;Verlängerung
Doe;Jane;="00123";Mo 10;3;05.02.2026 12:00
;;;;;
Groß;Jürgen;00124;Mo 10;3;
"""


def read(tmp_path: Path, text: str, encoding: str = "utf-8", **columns: str) -> Roster:
    """The roster in a file of this text."""
    path = tmp_path / "roster.csv"
    path.write_bytes(text.encode(encoding))
    return Roster.read(path, columns)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            CANVAS,
            [
                Enrolled("Jane Doe", ("10231", "S-1", "jdoe"), "", "Lab A"),
                Enrolled("Chidi Emeka Okafor", ("10233", "S-3", "cokafor"), "", "Lab B"),
                Enrolled("María García López", ("10234", "S-4", "mgarcia"), "", "Lab B"),
            ],
        ),
        (
            MOODLE_PARTICIPANTS,
            [
                Enrolled("Jane Doe", ("S-1",), "jane.doe@uni.example", "", "Team 1"),
                Enrolled("Wei Li", ("S-2",), "wei.li@uni.example", "", "Team 1"),
            ],
        ),
        (
            MOODLE_WORKSHEET,
            [
                Enrolled("Jane Doe", ("81231",), "jd@uni.example"),
                Enrolled("Wei Li", ("81232",), "wl@uni.example"),
            ],
        ),
        (MOODLE_GERMAN, [Enrolled("Jürgen Groß", ("81231",), "jg@uni.example")]),
        (BLACKBOARD, [Enrolled("Jane Doe", ("jdoe", "00123"))]),
        (BRIGHTSPACE, [Enrolled("Jane Doe", ("00123", "jdoe"), "jd@uni.example")]),
        (
            NBGRADER,
            [Enrolled("Jane Doe", ("jdoe",), "jd@uni.example"), Enrolled("Wei Li", ("wli",))],
        ),
        (
            GITHUB,
            [
                Enrolled("Jane Doe", ("janedoe", "5512")),
                Enrolled("li-wei@uni.example", ("weili", "5513"), "li-wei@uni.example"),
            ],
        ),
        (
            OWN,
            [
                Enrolled("Jane Doe", ("00123",), "", "Mo 10", "3", "2026-02-05T12:00:00"),
                Enrolled("Jürgen Groß", ("00124",), "", "Mo 10", "3"),
            ],
        ),
        ("Nom,Prénom,Courriel\nDoe,Jane,j@x\n", [Enrolled("Jane Doe", (), "j@x")]),
        ("Nombre\tCorreo electrónico\nJane Doe\tj@x\n", [Enrolled("Jane Doe", (), "j@x")]),
        ("学号,姓名\n1,李伟\n", [Enrolled("李伟", ("1",))]),
        ("sep=;\r\nEmail;ID\r\nj@x;4711.0\r\n", [Enrolled("4711", ("4711",), "j@x")]),
    ],
    ids=["canvas", "moodle", "worksheet", "german", "blackboard", "brightspace", "nbgrader",
         "github", "own", "french", "spanish", "chinese", "excel"],
)  # fmt: skip
def test_rosters_of_platforms_are_read(text: str, expected: list[Enrolled], tmp_path: Path) -> None:
    """Names, ids, addresses, sections and groups are found, whoever exported the file."""
    assert list(read(tmp_path, text).students) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
def test_encodings_are_told_apart(encoding: str, tmp_path: Path) -> None:
    """What spreadsheets write on any system is the same roster."""
    roster = read(tmp_path, MOODLE_GERMAN, encoding)
    assert roster.students[0].name == "Jürgen Groß"


def test_columns_can_be_named(tmp_path: Path) -> None:
    """A column whose name tells nothing is found where the user says what it tells."""
    text = "Who;Number;Given to\nDoe, Jane;17;5 Feb 2026\n"
    roster = read(tmp_path, text, student="who", id="Number", due="Given to")
    assert roster.students == (Enrolled("Jane Doe", ("17",), due="2026-02-05T23:59:59"),)


@pytest.mark.parametrize(
    ("text", "columns", "said"),
    [
        ("Points,Grade\n1,2\n", {}, "`Points`, `Grade`. Say .* --roster-column student=HEAD"),
        ("", {}, "which is empty"),
        ("PK\3\4", {}, "Save it as CSV"),
        ("Name\nJane\n", {"id": "Matrikel"}, "'Matrikel', and it has `Name`"),
        ("Wer;Was\nJane;1\n", {"student": "Bazz"}, "Received: 'Bazz', and it has `Wer`, `Was`"),
        ("Wer;Was\nJane;1\n", {"colour": "Wer"}, "Received: 'colour'.*are `Wer`, `Was`"),
        ("Name\nJane\n", {"colour": "Name"}, "Received: 'colour'"),
    ],
)
def test_what_is_no_roster_is_said(
    text: str, columns: dict[str, str], said: str, tmp_path: Path
) -> None:
    """A file that tells no student is refused in one sentence, with what it has."""
    with pytest.raises(UsageError, match=said):
        read(tmp_path, text, **columns)
    with pytest.raises(UsageError, match="can be read"):
        Roster.read(tmp_path / "nowhere.csv")


def test_students_named_twice_are_told(tmp_path: Path) -> None:
    """The same id twice is one student; the same name with two ids are two, called by them."""
    roster = read(tmp_path, "Name,ID,Email\nJane Doe,1,\nJane Doe,2,\nWei Li,3,\nWei Li,3,w@x\n")
    assert [one.name for one in roster.students] == ["Jane Doe (1)", "Jane Doe (2)", "Wei Li"]
    assert roster.students[2].email == "w@x"
    assert roster.said == ("More than once in the roster, and taken as one: Wei Li.",)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-02-03", "2026-02-03T23:59:59"),
        ("2026-02-03 10:11", "2026-02-03T10:11:00"),
        ("2026-02-03 10:11:12 UTC", "2026-02-03T10:11:12+00:00"),
        ("2026-02-03 10:11:12 +0100", "2026-02-03T10:11:12+01:00"),
        ("3.2.2026 9:05 Uhr", "2026-02-03T09:05:00"),
        ("Feb 3, 2026 11:59 PM", "2026-02-03T23:59:00"),
        ("Tuesday, 3 February 2026, 12:05 am", "2026-02-03T00:05:00"),
        ("3 de febrero de 2026", "2026-02-03T23:59:59"),
        ("3. März 2026", "2026-03-03T23:59:59"),
        ("2026/02/03 08:00", "2026-02-03T08:00:00"),
        ("30.02.2026", None),
        ("02/03/2026", None),
        ("next week", None),
        ("", ""),
    ],
)
def test_dates_are_read_as_people_write_them(written: str, expected: str | None) -> None:
    """A date becomes ISO 8601; one that cannot be told is not guessed."""
    assert dates([written]) == [expected]


def test_a_column_tells_which_comes_first() -> None:
    """Of 02/03/2026, another date of the column tells whether that is in February or March."""
    assert dates(["02/03/2026", "25/03/2026"])[0] == "2026-03-02T23:59:59"
    assert dates(["02/03/2026 5:00 PM", "03/25/2026"])[0] == "2026-02-03T17:00:00"
    assert dates(["02/03/2026", "25/03/2026", "03/25/2026"])[0] is None


def test_names_have_the_forms_that_platforms_make() -> None:
    """Order, commas, accents and spaces do not keep a person from being found."""
    assert spoken("Doe,  Jane") == spoken("jane DOE") == spoken("Jane Doe (17)")
    assert in_any_order("Núñez José") == in_any_order("Jose\u0301 Nun\u0303ez")
    assert {"doejane", "janedoe"} <= run_together("Jane Doe")
    assert "garcialopezmaria" in run_together("García López, María")
    assert "oconnorsinead" in run_together("Sinéad O'Connor")


# -- matching


def handed_in(*people: tuple[str, HandedIn], lesson: str = "convolution") -> Collected:
    """A class in which these have handed in."""
    made = [
        Submission(name, Path(f"{name}/{lesson}.ipynb"), lesson=lesson, handed_in=told)
        for name, told in people
    ]
    return Collected(tuple(made))


def roster_of(*students: Enrolled) -> Roster:
    """A roster of these students."""
    return Roster(students)


JANE = Enrolled("Jane Doe", ("10231", "jdoe"), "jane.doe@uni.example", "Lab A")
WEI = Enrolled("Wei Li", ("10232", "wli"), "wei.li@uni.example", "Lab B")


@pytest.mark.parametrize(
    ("student", "told"),
    [
        ("doejane", HandedIn(id="10231")),
        ("somebody", HandedIn(id="10231")),
        ("jdoe", HandedIn()),
        ("jane.doe", HandedIn()),
        ("jane.doe@uni.example", HandedIn()),
        ("somebody", HandedIn(email="Jane.Doe@uni.example")),
        ("Jane Doe", HandedIn(id="81231")),
        ("DOE, Jane", HandedIn()),
        ("Doe Jane", HandedIn()),
        ("doejane", HandedIn()),
        ("janedoe", HandedIn()),
    ],
)
def test_a_student_is_found_by_whatever_tells_one(student: str, told: HandedIn) -> None:
    """By id, login, address or a form of the name; then the roster's name and fields stand."""
    found = roster_of(JANE, WEI).matched(handed_in((student, told)))
    (one,) = found.submissions
    assert (one.student, one.handed_in.section) == ("Jane Doe", "Lab A")
    assert one.handed_in.id == (told.id or "10231")
    assert one.handed_in.email == (told.email or "jane.doe@uni.example")
    assert [each.student for each in found.missing] == ["Wei Li"]
    assert found.missing[0].handed_in.id == "10232"
    assert found.said == ("Handed in nothing, of 2 in the roster: Wei Li.",)


def test_nothing_is_guessed_between_two() -> None:
    """A name that two have, or that tells another than the id does, stays, and is said."""
    two = roster_of(Enrolled("Jane Doe (1)", ("1",)), Enrolled("Jane Doe (2)", ("2",)), WEI)
    found = two.matched(handed_in(("Jane Doe", HandedIn()), ("Wei Li", HandedIn(id="1"))))
    assert [one.student for one in found.submissions] == ["Jane Doe", "Wei Li (1)"]
    assert "Jane Doe may be Jane Doe (1) or Jane Doe (2)" in found.said[0]
    assert "Wei Li (1) may be Jane Doe (1) or Wei Li" in found.said[1]
    by_id = two.matched(handed_in(("Jane Doe", HandedIn(id="2"))))
    assert by_id.submissions[0].student == "Jane Doe (2)"


def test_who_is_unknown_is_said_and_kept() -> None:
    """Nobody who handed in is dropped, and nobody takes the name of another."""
    found = roster_of(JANE, WEI).matched(
        handed_in(("Jane Doe", HandedIn(id="10231")), ("Zoe", HandedIn(id="7")))
    )
    assert [one.student for one in found.submissions] == ["Jane Doe", "Zoe"]
    assert "Not in the roster, and kept as they are: Zoe." in found.said
    nobody = roster_of(WEI).matched(handed_in(("Zoe", HandedIn())))
    assert nobody.said[0].startswith("Nobody who handed in is in the roster")


def test_two_hand_ins_of_one_lesson_do_not_become_one_students() -> None:
    """Of two who seem to be one student, the surer one is, and both hand-ins are kept."""
    found = roster_of(JANE).matched(
        handed_in(("jdoe", HandedIn(id="10231")), ("Jane Doe", HandedIn(id="5")))
    )
    assert [one.student for one in found.submissions] == ["Jane Doe", "Jane Doe (5)"]
    assert found.submissions[0].handed_in.id == "10231"
    assert "Jane Doe (5) may be Jane Doe" in found.said[0]


def test_one_student_keeps_one_name_in_all_lessons() -> None:
    """What was handed in on two platforms, in two lessons, is the same student's."""
    first = handed_in(("doejane", HandedIn(id="10231")))
    second = handed_in(("Jane Doe", HandedIn(id="81231")), lesson="conv_layer")
    both = Collected((*first.submissions, *second.submissions))
    found = roster_of(JANE).matched(both)
    assert [one.student for one in found.submissions] == ["Jane Doe"] * 2
    assert found.missing == ()


def test_who_handed_in_no_notebook_is_named_once() -> None:
    """A student of whom there was something else is not missing a second time."""
    collected = Collected((), missing=(Missing("doejane", "text.html", HandedIn(id="10231")),))
    found = roster_of(JANE).matched(collected)
    assert [(one.student, one.found) for one in found.missing] == [("Jane Doe", "text.html")]


def test_a_due_date_of_ones_own_tells_what_is_late() -> None:
    """An extension takes back what the platform calls late; an earlier date says it anew."""
    told = HandedIn(id="10231", time="2026-02-04T09:00:00", due="2026-02-03T23:59:00", late=True)
    for due, late in (("2026-02-05T12:00:00", False), ("2026-02-04T08:59:59", True)):
        one = Enrolled("Jane Doe", ("10231",), due=due)
        result = roster_of(one).matched(handed_in(("x", told))).submissions[0].handed_in
        assert (result.due, result.late) == (due, late)
    zoned = Enrolled("Jane Doe", ("10231",), due="2026-02-05T12:00:00+01:00")
    assert roster_of(zoned).matched(handed_in(("x", told))).submissions[0].handed_in.late


GROUP = [Enrolled(name, (name[0],), group="3") for name in ("Ana", "Ben", "Cyd")]


def groups(found: Collected) -> dict[str, Sequence[str]]:
    """The groups that stand with what was handed in, by student."""
    return {one.student: one.handed_in.group for one in found.submissions}


def test_one_hand_in_of_a_group_is_everybodys() -> None:
    """All names of the group stand with it, and nobody of the group is missing."""
    found = roster_of(*GROUP, WEI).matched(handed_in(("Ben", HandedIn())))
    assert groups(found) == {"Ben": ("Ana", "Ben", "Cyd")}
    assert [one.student for one in found.missing] == ["Wei Li"]


def test_who_of_a_group_handed_in_too_keeps_their_own() -> None:
    """The newest is that of the others; without times, nobody is given anything."""
    times = [("Ana", HandedIn(time="2026-02-03T10:00:00")), ("Ben", HandedIn(time="2026-02-04"))]
    found = roster_of(*GROUP).matched(handed_in(*times))
    assert groups(found) == {"Ana": (), "Ben": ("Ben", "Cyd")}
    assert found.missing == ()
    assert "that of Ben is the newest" in found.said[-1]
    found = roster_of(*GROUP).matched(handed_in(("Ana", HandedIn()), ("Ben", HandedIn())))
    assert groups(found) == {"Ana": (), "Ben": ()}
    assert [one.student for one in found.missing] == ["Cyd"]


def test_a_group_may_share_its_lessons_out(tmp_path: Path) -> None:
    """Where each handed in another lesson, all lessons are everybody's; the files tell them."""
    submissions = tuple(
        Submission(name, write_notebook(tmp_path / name / "hw.ipynb", cells_of(RIGHT), lesson))
        for name, lesson in (("Ana", "convolution"), ("Ben", "conv_layer"))
    )
    found = roster_of(*GROUP).matched(Collected(submissions))
    assert set(groups(found).values()) == {("Ana", "Ben", "Cyd")}


def class_of(sizes: Sequence[int], heading: str = "Gruppe") -> str:
    """A roster of groups of these sizes: students a0, a1, …, b0, …"""
    groups = [(letter, size) for letter, size in zip("abcdefgh", sizes, strict=False)]
    lines = [f"{one}{place},{one}" for one, size in groups for place in range(size)]
    return "\n".join([f"Name,{heading}", *lines])


@pytest.mark.parametrize("heading", ["Gruppe", "Group", "Groups", "Team", "Project group"])
def test_a_column_is_of_teams_where_what_was_handed_in_shows_it(
    heading: str, tmp_path: Path
) -> None:
    """Where one of each small group handed in, it is everybody's, and who gets what is said."""
    roster = read(tmp_path, class_of((2, 3, 3), heading))
    found = roster.matched(handed_in(("a0", HandedIn()), ("b2", HandedIn())))
    assert groups(found) == {"a0": ("a0", "a1"), "b2": ("b0", "b1", "b2")}
    assert [one.student for one in found.missing] == ["c0", "c1", "c2"]
    line = found.said[-1]
    assert f"`{heading}` was taken for teams" in line
    assert "a1, b0, b1 get the marks" in line
    assert "--roster-column group=none" in line


@pytest.mark.parametrize(
    ("sizes", "who", "reason"),
    [
        ((12, 12), ("a0", "b0"), "a group has 12 members"),
        ((3, 3, 3), ("a0", "a1", "b0", "c0", "c1"), "in 2 of 3 hand-ins of a group, several did"),
        ((2, 2, 2), ("a0",), "only 1 of 3 groups handed in"),
        ((4, 4), ("a0", "b0"), "only 2 of 2 groups handed in"),
        ((1, 1), ("a0",), "no group has two members"),
    ],
)
def test_a_column_of_sections_gives_nobody_anothers_mark(
    sizes: Sequence[int], who: Sequence[str], reason: str, tmp_path: Path
) -> None:
    """Where groups may be tutorial groups, who handed in nothing is missing, and it is said."""
    found = read(tmp_path, class_of(sizes)).matched(
        handed_in(*((name, HandedIn()) for name in who))
    )
    assert set(groups(found).values()) == {()}
    assert len(found.missing) == sum(sizes) - len(who)
    told = [one.handed_in.section for one in found.submissions]
    told += [one.handed_in.section for one in found.missing]
    sections = [each for each, size in zip("abc", sizes, strict=False) for _ in range(size)]
    assert sorted(told) == sections
    assert f"`Gruppe` was taken for sections, such as tutorial groups: {reason}" in found.said[-1]
    assert "--roster-column group=Gruppe" in found.said[-1]


def test_a_column_of_section_groups_is_of_sections(tmp_path: Path) -> None:
    """A column whose name says so is of sections, whatever was handed in, and that is said, too."""
    text = class_of((2, 2, 2), "Section group")
    people = handed_in(("a0", HandedIn()), ("b0", HandedIn()), ("c0", HandedIn()))
    found = read(tmp_path, text).matched(people)
    assert set(groups(found).values()) == {()}
    assert [one.handed_in.section for one in found.submissions] == ["a", "b", "c"]
    assert "was taken for sections, such as tutorial groups: its name says so" in found.said[-1]
    assert '--roster-column "group=Section group"' in found.said[-1]
    forced = read(tmp_path, text, group="Section group").matched(people)
    assert groups(forced)["a0"] == ("a0", "a1")


def test_what_a_column_of_groups_is_may_be_said(tmp_path: Path) -> None:
    """`group=COLUMN` makes any groups teams, `group=` and `group=none` make them nothing."""
    text = class_of((8, 8))
    people = handed_in(("a0", HandedIn()), ("b1", HandedIn()))
    forced = read(tmp_path, text, group="Gruppe").matched(people)
    assert len(groups(forced)["a0"]) == 8
    assert forced.missing == ()
    assert "as --roster-column says" in forced.said[-1]
    for off in ("", "none", "None"):
        found = read(tmp_path, text, group=off).matched(people)
        assert (groups(found), len(found.missing)) == ({"a0": (), "b1": ()}, 14)
        assert not any("taken for" in line for line in found.said)
    as_section = read(tmp_path, text, section="Gruppe").matched(people)
    assert [one.handed_in.section for one in as_section.submissions] == ["a", "b"]
    assert not any("taken for" in line for line in as_section.said)


def test_a_team_that_was_guessed_gives_nothing_where_two_handed_in(tmp_path: Path) -> None:
    """Of teams that fit but for one, that one's members keep their own; who has none is missing."""
    time = "2026-02-03T10:00:00"
    who = [("a0", ""), ("b0", ""), ("c0", ""), ("d0", ""), ("e0", ""), ("f0", time), ("f1", "")]
    people = handed_in(*((name, HandedIn(time=told)) for name, told in who))
    found = read(tmp_path, class_of((3,) * 6)).matched(people)
    assert [one.student for one in found.missing] == ["f2"]
    assert (groups(found)["a0"], groups(found)["f0"]) == (("a0", "a1", "a2"), ())
    assert "each keeps their own: f0 and f1 and f2" in found.said[-1]


def test_a_platforms_group_gets_the_rosters_names() -> None:
    """Who submitted together by Gradescope's word is called as in the roster, and not missing."""
    told = HandedIn(id="10231", group=("doe, jane", "Li Wei", "Stranger"))
    found = roster_of(JANE, WEI).matched(handed_in(("Jane", told)))
    assert groups(found) == {"Jane Doe": ("Jane Doe", "Wei Li", "Stranger")}
    assert found.missing == ()


def test_a_canvas_class_is_matched_from_its_files(tmp_path: Path) -> None:
    """From a gradebook's export to names: everybody is there once, under one name."""
    roster = read(tmp_path, CANVAS)
    people = [("doejane", "10231"), ("okaforchidiemeka", ""), ("garcíalópezmaría", ""), ("x", "5")]
    found = roster.matched(handed_in(*((name, HandedIn(id=own)) for name, own in people)))
    assert [(one.student, one.handed_in.id) for one in found.submissions] == [
        ("Chidi Emeka Okafor", "10233"),
        ("Jane Doe", "10231"),
        ("María García López", "10234"),
        ("x", "5"),
    ]
    assert found.missing == ()


_QUICK = settings(
    max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
_WORDS = ["Name", "Vorname", "ID", "Email", "Group", "due", "Jane Doe", "Doe, Jane", "É", "李伟"]
_ODD = [
    '"',
    "'",
    "=1",
    "#1",
    "",
    "03/02/2026",
    "\0",
    "Points Possible",
    "x@y",
    "0017",
    "\n",
    "\u2028",
]
_CELLS = st.sampled_from([*_WORDS, *_ODD])
_SHEETS = st.lists(st.lists(_CELLS, max_size=5), max_size=6)


@_QUICK
@given(sheet=_SHEETS, delimiter=st.sampled_from(",;\t|"), encoding=st.sampled_from(
    ["utf-8", "utf-16", "utf-8-sig"]), rest=st.binary(max_size=20))  # fmt: skip
def test_any_file_is_a_roster_or_a_sentence(
    sheet: list[list[str]],
    delimiter: str,
    encoding: str,
    rest: bytes,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Whatever stands in a file, it is read, or refused with a sentence."""
    path = tmp_path_factory.getbasetemp() / "fuzzed.csv"
    path.write_bytes("\n".join(delimiter.join(row) for row in sheet).encode(encoding) + rest)
    try:
        students = Roster.read(path).students
    except UsageError:
        return
    assert len({one.name.casefold() for one in students}) == len(students)


_PEOPLE = st.sampled_from(["Jane Doe", "Doe, Jane", "doejane", "jdoe", "Wei Li", "Li Wei", "weili"])
_IDS = st.sampled_from(["", "1", "2", "01", "jdoe", "weili"])
_ENROLLED = st.builds(
    Enrolled,
    name=_PEOPLE,
    ids=st.lists(_IDS.filter(bool), max_size=2).map(tuple),
    group=st.sampled_from(["", "A"]),
)


@_QUICK
@given(
    st.lists(_ENROLLED, max_size=4, unique_by=lambda one: one.name),
    st.lists(st.tuples(_PEOPLE, _IDS, st.sampled_from("xy")), max_size=5, unique=True),
)
def test_everybody_is_accounted_for(
    students: list[Enrolled], people: list[tuple[str, str, str]]
) -> None:
    """Whoever is enrolled and whoever hands in: no hand-in is lost, none is double, nobody is."""
    submissions = tuple(
        Submission(name, Path(f"{place}.ipynb"), lesson=lesson, handed_in=HandedIn(id=own))
        for place, (name, own, lesson) in enumerate(people)
        if (name, lesson) not in {(n, le) for n, _, le in people[:place]}
    )
    found = roster_of(*students).matched(Collected(submissions))
    assert {one.path for one in found.submissions} == {one.path for one in submissions}
    there = [(one.student, one.lesson) for one in found.submissions]
    assert len(set(there)) == len(there)
    shared = {name for one in found.submissions for name in one.handed_in.group}
    missing = {one.student for one in found.missing}
    assert {one.name for one in students} <= {name for name, _ in there} | shared | missing
    assert not missing & ({name for name, _ in there} | shared)
