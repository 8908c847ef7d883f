"""Gradescope's "Download Submissions": submission_metadata.yml and a folder submission_<number> for each hand-in.

The keys in the YAML are Ruby's symbols, with a colon in front. The file has all output of all attempts of everybody, so
the blocks of results are cut out by their indentation before it is parsed. Every scalar is read as text, so no record
can fail because of a value. A record that still can't be parsed is a fault of that hand-in alone.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from grader.classroom.sources.found import Found, Piece, Reading, Source, faulty, most, printable, student, unexplained
from grader.classroom.sources.tree import Node, Tree
from grader.classroom.times import parse_time
from grader.errors import SubmissionError, UsageError
from grader.gradebook import Student

METADATA = ("submission_metadata.yml", "submission_metadata.yaml")
METADATA_BYTES = 2**31
_WHOLE_BYTES = 64 * 2**20
"""The most that is parsed with all results, which takes a second for each 4 MB."""
_FOLDER = re.compile(r"submission_(\d+)")
_RESULTS = re.compile(rb"( *(?:- +)*):?results:(?=\s)")
_NULL = ("", "~")
# characters that the parser refuses, though any output may contain them
_REFUSED = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def recognise(tree: Tree, root: PurePosixPath) -> str:
    """See Source."""
    nodes = tree.children(root)
    for node in nodes:
        if node.name in METADATA and not node.is_folder and not node.trouble:
            return f"it has {node.name}, as Gradescope's download of submissions has"
    named = [node for node in nodes if node.is_folder and _FOLDER.fullmatch(node.name)]
    if most(len(named), len(nodes)):
        return "its folders are named submission_<number>, as in Gradescope's download; its metadata is missing"
    return ""


def read(tree: Tree, root: PurePosixPath) -> Reading:
    """Each record and each folder is one hand-in; a record without a folder, or the reverse, is told."""
    nodes = {node.name: node for node in tree.children(root)}
    metadata = next((nodes[name] for name in METADATA if name in nodes and not nodes[name].trouble), None)
    known = dict(records(_metadata(tree, metadata.path))) if metadata else {}
    found, used = [], set()
    for name, record in known.items():
        used.add(name)
        found.append(_found(name, record, nodes.get(name)))
    folders = [node for name, node in nodes.items() if name not in used and _FOLDER.fullmatch(name)]
    for node in folders:
        if not node.trouble:
            sentence = f"{node.name} isn't in the metadata, so nobody knows whose it is"
            found.append(Found(node.name, (student(node.name),), (Piece(node.path),), problem=sentence))
    rest = [node for name, node in nodes.items() if node not in folders and name not in {*used, *METADATA}]
    other = unexplained(rest, "in the metadata")
    return Reading((*faulty(folders), *found, *other.found), other.notes)


def _metadata(tree: Tree, path: PurePosixPath) -> bytes:
    try:
        return tree.read(path, METADATA_BYTES)
    except SubmissionError as error:
        raise UsageError(f"{path.name} can't be read: {error}; download the submissions again") from None


def _found(name: str, record: Any, node: Node | None) -> Found:
    title = printable(name)
    if not isinstance(record, Mapping):
        sentence = f"{title} has a record in the metadata that can't be read; download the submissions again"
        return Found(title, (student(name),), fault=sentence)
    students = tuple(_students(record, title)) or (student(name),)
    history = _get(record, "history")
    others = (
        [_version(f"submission_{_text(old, 'id')}", old) for old in history if isinstance(old, Mapping)]
        if (isinstance(history, list))
        else []
    )
    people = ", ".join(one.name or one.key for one in students)
    fault = ""
    if node is None:
        fault = f"{title} ({people}) is in the metadata, but not in the download; download the submissions again"
    elif node.trouble:
        fault = f"{title} ({people}) {node.trouble}"
    return Found(
        title,
        students,
        (Piece(node.path),) if node is not None and not fault else (),
        submitted=parse_time(_text(record, "created_at")),
        version=_version(title, record),
        others=tuple(others),
        fault=fault,
    )


def _students(record: Mapping[str, Any], title: str) -> Iterator[Student]:
    submitters = _get(record, "submitters")
    for one in submitters if isinstance(submitters, list) else ():
        if isinstance(one, Mapping):
            name, sid, email = (_text(one, field) for field in ("name", "sid", "email"))
            if name or sid or email:
                # two students may have one name, so a name alone tells only whose this one is
                yield student(email or sid or f"{name} ({title})", name, email, sid)


def _version(name: str, record: Mapping[str, Any]) -> str:
    time = _text(record, "created_at")
    return f"{name} of {time}" if time else name


def _get(record: Mapping[str, Any], field: str) -> Any:
    """A field, by its symbol or its plain name."""
    return record.get(f":{field}", record.get(field))


def _text(record: Mapping[str, Any], field: str) -> str:
    value = _get(record, field)
    return printable(value) if isinstance(value, str) and value not in _NULL else ""


def records(data: bytes) -> Iterator[tuple[str, Any]]:
    """Name and content of each record; the content of one that can't be parsed is None."""
    import yaml

    short = _without_results(data)
    # an alias may refer to something in a block of results, so the whole is tried too
    for whole in (short, data) if len(data) <= _WHOLE_BYTES else (short,):
        try:
            value = _parse(whole)
        except yaml.YAMLError:
            continue
        if isinstance(value, Mapping):
            yield from value.items()
            return
    for block in re.split(rb"^(?=[^\s#-])", short, flags=re.MULTILINE):
        try:
            value = _parse(block)
        except yaml.YAMLError:
            value = {block.partition(b":")[0].decode("utf-8", "replace"): None}
        if isinstance(value, Mapping):
            yield from value.items()


def _parse(data: bytes) -> Any:
    import yaml

    # BaseLoader makes texts, lists and mappings only: it is safer than SafeLoader, and no value can be malformed
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    text = _REFUSED.sub("\ufffd", data.decode("utf-8-sig", "replace"))
    return yaml.load(text, Loader=loader)


def _without_results(data: bytes) -> bytes:
    """The metadata with empty results: what is indented deeper than a key `:results:` is its value."""
    kept, column = [], -1
    for line in io.BytesIO(data):
        text = line.lstrip(b" ")
        indent = len(line) - len(text)
        if column >= 0 and (not text.strip() or indent > column or (indent == column and text.startswith(b"- "))):
            continue
        match = _RESULTS.match(line)
        column = len(match[1]) if match else -1
        kept.append(match[1] + b":results:\n" if match else line)
    return b"".join(kept)


SOURCE = Source("gradescope", recognise, read)
