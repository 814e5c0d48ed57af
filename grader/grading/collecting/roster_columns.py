"""A sheet's text → rows, and which of its columns tells what, whoever exported it."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.errors import UsageError
from grader.grading.collecting.files import printable

OFF = ("", "none")
"""What is written in place of a column of groups where there is to be none."""

FIELDS = ("student", "first", "last", "id", "email", "section", "group", "due")
"""What a column can tell; `id` may be told by several."""

_SPELLINGS = {
    "student": """
        student, students, student name, name, full name, user full name, display name, learner,
        learner name, participant, participant name, vollständiger name, studierende,
        studierende/r, studierender, teilnehmer, teilnehmer/in, teilnehmerin, nom complet, étudiant,
        nom et prénom, nombre completo, estudiante, alumno, apellidos y nombre, nome completo,
        nome e cognome, studente, aluno, estudante, volledige naam, naam, namn, fullständigt namn,
        imię i nazwisko, фио, полное имя, 姓名, 氏名, 이름, student(s)
        """,
    "first": """
        first name, first, first names, given name, given names, forename, preferred name, vorname,
        vornamen, rufname, prénom, prénoms, nombre, nombres, nome, primeiro nome, voornaam, förnamn,
        imię, имя, 名
        """,
    "last": """
        last name, last, surname, family name, nachname, familienname, zuname, nom, nom de famille,
        apellido, apellidos, apellido(s), cognome, sobrenome, apelido, achternaam, efternamn,
        nazwisko, фамилия, 姓
        """,
    "id": """
        id, ids, student id, student number, student no, user id, user, username, user name, login,
        login id, sis user id, sis login id, sis id, sid, sis, integration id, org defined id,
        id number, identifier, lms user id, external id, external person key,
        netid, net id, uid, campus id, university id, registration number, matriculation number,
        roll number, roll no, github username, github login, github, github id, github user,
        matrikel, matrikelnummer, matrikelnr, matrikel nr, kennung, benutzername,
        anmeldename, nutzername, nutzerkennung, id nummer, numéro d'étudiant, numéro étudiant,
        n étudiant, identifiant, nom d'utilisateur, número de matrícula, matrícula,
        nombre de usuario, usuario, número de id, matricola, numero di matricola, nome utente,
        nome de usuário, studentnummer, gebruikersnaam, användarnamn, personnummer, numer albumu,
        логин, 学号, 学籍番号, 学生番号, 학번
        """,
    "email": """
        email, e-mail, mail, email address, e-mail address, mail address, student email,
        emails, e-mail-adresse, mailadresse, emailadresse, courriel, adresse de courriel,
        adresse e-mail, adresse électronique, correo, correo electrónico, dirección de correo,
        dirección email, indirizzo email, indirizzo e-mail, posta elettronica,
        endereço de email, endereço de e-mail, e-mailadres, e-postadress, e-post, adres e-mail,
        адрес электронной почты, 邮箱, 电子邮件, メールアドレス
        """,
    "section": """
        section, sections, section name, section group, tutorial group, lab group, discussion group,
        seminargruppe, tutoriumsgruppe, groupe de td, groupe de tp, class, tutorial, tutorium, lab,
        seminar, class section,
        klasse, übung, übungsgruppe, classe, sección, sezione, seção, turma, 班级, クラス
        """,
    "group": """
        group, groups, group name, project group, team, team name, gruppe, gruppen, gruppenname,
        groupe, groupes, grupo, grupos, gruppo, gruppi, groep, grupp, grupa, группа, 小组, グループ
        """,
    "due": """
        due, due date, due at, deadline, own due date, extension, extension date, extended due date,
        extended to, new due date, frist, abgabe, abgabefrist, abgabetermin, fällig,
        verlängerung, verlängert bis, fristverlängerung, échéance, date limite, délai, prolongation,
        fecha límite, fecha de entrega, prórroga, scadenza, proroga, prazo, 截止日期, 締切
        """,
}
# Words for a whole name that mean the last, or the first, beside a column for the other.
_LAST_BESIDE_FIRST = ("name", "student", "naam", "namn")
_FIRST_ROWS = 15  # a sheet's own headline, and Excel's `sep=;`, may stand above its columns


def as_written(path: Path) -> str:
    """The text of a sheet in whatever encoding; UsageError where there is none."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"A roster is a CSV file that can be read. Received: {printable(str(path))} "
            f"({error.strerror}). Correct the path."
        ) from error
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise UsageError(
            f"A roster is a CSV file. Received: {printable(str(path))}, a spreadsheet or document. "
            f"Save it as CSV there, and name that file."
        )
    return _text(content)


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    head = content[:400]
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
        if len(zeros) > 1 and zeros.count(0) > len(zeros) // 2:
            return content.decode(encoding, "replace")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


class Columns:
    """Which columns of a sheet tell what: their places, by field; `id` may have several."""

    def __init__(self, header: Sequence[str], named: Mapping[str, str]) -> None:
        self.header = [cell.strip() for cell in header]
        keys = [_key(cell) for cell in header]
        self.places: dict[str, list[int]] = {
            field: [place for place, key in enumerate(keys) if key in _KEYS[field]]
            for field in FIELDS
        }
        for field, name in named.items():
            if not (key := _key(name)) or key not in keys:
                self.places[field] = []  # said by `table`, but for groups, which may be left out
                continue
            self.places[field] = [keys.index(key), *(self.places[field] if field == "id" else ())]
        taken = {keys.index(key) for name in named.values() if (key := _key(name)) in keys if key}
        if "group" not in named:
            self.places["group"] = [place for place in self.places["group"] if place not in taken]
        self.has_assignments = "assignment" in keys
        if "student" in named:
            self.places["first"] = self.places["last"] = []
        self._tell_names_apart(keys)

    def _tell_names_apart(self, keys: list[str]) -> None:
        """Where only one of first and last name is told, the word meant something else."""
        places = self.places
        first, last, whole = places["first"], places["last"], places["student"]
        if first and not last:
            beside = [place for place in whole if keys[place] in _LAST_BESIDE_FIRST]
            if beside:  # "Name" beside "Vorname"
                places["last"], places["student"] = beside[:1], []
            elif not whole:
                places["student"], places["first"] = first, []
        elif last and not first and not whole:
            places["student"], places["last"] = last, []

    def heading(self, field: str) -> str:
        """What the first column that tells a field is called; "" where there is none."""
        return next((self.header[place] for place in self.places[field]), "")

    @property
    def tell_a_student(self) -> bool:
        """Whether a name, an id or an address is told."""
        return any(self.places[field] for field in ("student", "first", "id", "email"))

    @property
    def known(self) -> int:
        """How many columns are understood."""
        return len({place for places in self.places.values() for place in places})

    def placed(self, row: Sequence[str], field: str) -> list[tuple[int, str]]:
        """What a row tells of a field, each with its column, without what is empty."""
        found = [(place, _clean(row[place])) for place in self.places[field] if place < len(row)]
        return [(place, cell) for place, cell in found if cell]

    def cells(self, row: Sequence[str], field: str) -> list[str]:
        """What a row tells of a field, without what is empty."""
        return [cell for _, cell in self.placed(row, field)]


def _key(name: str) -> str:
    """A column's name as it is compared: letters and digits only, without accents."""
    name = re.sub(r"\((?![srR]\))[^)]*\)\s*$", "", name)  # "Due date (UTC)"
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(one for one in plain if one.isalnum())


_KEYS = {field: {_key(one) for one in text.split(",")} for field, text in _SPELLINGS.items()}


def _clean(cell: str) -> str:
    """A cell's text, without what protects it from a spreadsheet."""
    cell = " ".join(cell.split())
    if match := re.fullmatch(r'="(.*)"', cell):
        return match[1].strip()
    return cell[1:] if re.match(r"'[=+\-@\d]", cell) else cell


def table(text: str, named: Mapping[str, str], path: Path) -> tuple[Columns, list[list[str]]]:
    """The columns of a sheet and its rows below them, whatever separates them.

    `named` says which column tells what, by field; a group's may be one of `OFF`. UsageError where
    a field or a column is not there, and where no column tells a student.
    """
    sheets = [rows for delimiter in ",;\t|" if (rows := _rows(text, delimiter))]
    heads = [
        (Columns(row, named), rows[place + 1 :])
        for rows in sheets
        for place, row in enumerate(rows[:_FIRST_ROWS])
    ]
    telling = [found for found in heads if found[0].tell_a_student]
    # Of lines that tell nothing, the one with most columns; `max` takes the first of equal ones.
    found = max(telling, key=lambda each: each[0].known, default=None)
    found = found or max(heads, key=lambda each: len(each[0].header), default=None)
    headings = _listed(found[0].header) if found else "none"
    if unknown := sorted(set(named) - set(FIELDS)):
        raise UsageError(
            f"A column of a roster tells one of {', '.join(FIELDS)}. Received: {unknown[0]!r}. "
            f"Use one of these, as in --roster-column student=HEADER; the headers are {headings}."
        )
    _refuse_missing(named, heads, headings)
    if found is None or not telling:
        raise UsageError(
            f"A roster has a column that tells the student, such as `Name`, `Student`, `Email` or "
            f"`ID`. Received: {printable(str(path))}, "
            f"{f'whose headers are {headings}' if found else 'which is empty'}. Say which tells it "
            f"with --roster-column student=HEADER, or put a line of headers first."
        )
    return found


def _refuse_missing(
    named: Mapping[str, str], heads: Sequence[tuple[Columns, object]], headings: str
) -> None:
    """UsageError where a column that was named is in no line that may be the headers."""
    there = {_key(cell) for columns, _ in heads for cell in columns.header} - {""}
    for field, name in named.items():
        is_off = field == "group" and name.casefold() in OFF
        if not is_off and _key(name) not in there:
            raise UsageError(
                f"The column for {field!r} is one of the roster's. Received: {name!r}, and it has "
                f"{headings}. Use one of these."
            )


def _rows(text: str, delimiter: str) -> list[list[str]]:
    """The rows that are not empty; none where a cell has no end: it is another delimiter."""
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=delimiter)
    try:
        return [row for row in reader if any(cell.strip() for cell in row)]
    except csv.Error:
        return []


def _listed(header: Sequence[str]) -> str:
    shown = ", ".join(f"`{cell.strip()[:40]}`" for cell in header[:12] if cell.strip())
    return printable(shown) or "empty"
