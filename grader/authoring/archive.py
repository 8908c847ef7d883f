"""Writes reproducible archives: equal contents give equal bytes. Names are sorted, dates and modes are fixed."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

from grader.files import own_files

Files = Mapping[str, bytes]
"""Relative POSIX path to contents."""

DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip can hold."""


def mode_of(name: str, data: bytes) -> int:
    """Return the permissions of a file: scripts are executable."""
    return 0o755 if data.startswith(b"#!") or name.endswith(".sh") else 0o644


def zip_bytes(files: Files, *, packed: bool = True) -> bytes:
    """Return a zip. If not `packed`, its bytes don't depend on the version of the compression library either."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in sorted(files.items()):
            info = zipfile.ZipInfo(name, DATE)
            info.create_system = 3  # Unix; unzip ignores the modes otherwise
            info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
            info.external_attr = (0o100000 | mode_of(name, data)) << 16
            archive.writestr(info, data)
    return buffer.getvalue()


def tar_bytes(files: Files, *, packed: bool = False) -> bytes:
    """Return a tar, or a tar.gz if `packed`. A name that ends with / is a folder; most readers need none."""
    buffer = io.BytesIO()
    # gzip would write the time and the file's name into the archive
    with (
        gzip.GzipFile("", "wb", fileobj=buffer, mtime=0) if packed else nullcontext(buffer) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, data in sorted(files.items()):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), mode_of(name, data)
            if name.endswith("/"):
                info.type, info.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def files_below(root: Path, prefix: str = "") -> dict[str, bytes]:
    """Return the files of a folder, without those that running its code creates."""
    return {prefix + name: file.read_bytes() for name, file in own_files(root).items()}
