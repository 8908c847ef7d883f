"""Makes downloads of a class as the platforms write them, and finds the hand-ins in them."""

import stat
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from handins import PACKERS, REQUIRED, SPEC, members, tar_bytes, zip_bytes

from grader.classroom.lateness import FreeDays
from grader.classroom.sources.find import find
from grader.classroom.sources.versions import Pick
from grader.gradebook import ClassList
from grader.intake.take import ingest

FILES = {
    "hw1/hw1.py": b"class MLP:\n    pass\n",
    "mytorch/dropout.py": b"class Dropout:\n    pass\n",
    "mytorch/optimizer.py": b"class adam:\n    pass\n",
}
PACKED = tar_bytes(members(FILES))
ZIPPED = zip_bytes(FILES.items())

Tree = Mapping[str, bytes]


def below(folder: str, files: Tree = FILES) -> dict[str, bytes]:
    return {f"{folder}/{name}": data for name, data in files.items()}


def made(tree: Tree, where: Path, form: str = "zip", name: str = "download") -> Path:
    """Write a source as a folder, a zip or a tar; paths with a slash at their end are empty folders."""
    file = where / (name if form == "folder" else f"{name}.{form}")
    if form == "folder":
        for path, data in tree.items():
            (file / path).parent.mkdir(parents=True, exist_ok=True)
            (file / path).write_bytes(data)
    elif form == "zip":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, data in tree.items():
                archive.writestr(path, data)
    else:
        file.write_bytes(PACKERS[form.removeprefix("tar.")](tar_bytes(members(dict(tree)))))
    return file


def link(name: str, target: str = "/etc/passwd") -> zipfile.ZipInfo:
    """A member of a zip that is a symbolic link."""
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    info.create_system = 3
    return info


def found(
    source: Path,
    *,
    kind: str | None = None,
    pattern: str | None = None,
    pick: Pick = "latest",
    roster: str | bytes | None = None,
    required: Sequence[str] = REQUIRED,
    due: datetime | None = None,
    free: FreeDays | None = None,
) -> ClassList:
    """Find in a fresh stage; a roster is given by its content."""
    stage = Path(tempfile.mkdtemp(prefix="stage-", dir=source.parent))
    file = None
    if roster is not None:
        file = source.parent / "roster.csv"
        file.write_bytes(roster.encode() if isinstance(roster, str) else roster)
    return find(
        source, stage, kind=kind, pattern=pattern, pick=pick, roster=file, required=required, due=due, free=free
    )


def keys(classes: ClassList) -> list[str]:
    return [hand_in.key for hand_in in classes.hand_ins]


def problems(classes: ClassList) -> dict[str, str]:
    return {entry.key: entry.problem for entry in classes.problems}


def taken(classes: ClassList, key: str) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """What the intake takes of a hand-in, and its notes."""
    (hand_in,) = [one for one in classes.hand_ins if one.key == key]
    with tempfile.TemporaryDirectory() as into:
        intake = ingest(hand_in.path, SPEC, REQUIRED, Path(into))
        return {name: Path(into, name).read_bytes() for name in intake.files}, intake.notes
