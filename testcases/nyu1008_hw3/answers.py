"""Reads answers.toml as a person would: case, spaces and a torch.nn. in front make no difference."""

import re
import sys

import pytest

from grader.testing.submission import NotFound

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = "answers.toml"


def read(submission):
    """Return the file's table. A file that can't be read ends the test with its line."""
    file = submission._root / FILE
    if not file.is_file():
        raise NotFound(f"the submission has no file {FILE}")
    try:
        # Windows editors put a mark in front of UTF-8, which TOML doesn't know
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        place = f"{FILE}, line {line[1]}" if line else FILE
        return pytest.fail(f"{place}: this isn't valid TOML: {error}. A text stands in quotes, a list in brackets.")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return pytest.fail(f"{FILE}, line {line}: this isn't UTF-8 text; save the file as UTF-8.")


def answer(submission, key, table=None):
    """Return one answer, as it was written; `table` names the section it stands in."""
    found = read(submission)
    if table is not None:
        found = found.get(table)
        found = found if isinstance(found, dict) else {}
    if key not in found:
        where = f"in [{table}] " if table else "above the first [section] "
        raise NotFound(f"{FILE} has no answer '{key}' yet; write it {where}as the file's comments say")
    return found[key]


def plain(value):
    """One word or choice without what doesn't matter: case, spaces, hyphens, torch.nn., a default value, brackets."""
    text = re.sub(r"[\s_-]+", "-", str(value).strip().casefold()).strip("-")
    text = re.sub(r"^(torch\.)?nn\.", "", text)
    return re.sub(r"(\(.*\)|=.*)$", "", text).strip("-")


def plain_list(value):
    """A list of names, in any order; one text with commas is taken for a list too."""
    items = value if isinstance(value, list) else str(value).split(",")
    return ", ".join(sorted(plain(item) for item in items))
