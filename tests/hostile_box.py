"""A box for attacks, for root on Linux: it has its own namespaces, and only a few empty folders are writable.

It stops attacks that a weak level of isolation doesn't stop. It has three users: root, a plain user, and root with
Docker's capabilities. It has two kernels: this one, and this one without Landlock.
"""

from __future__ import annotations

import ctypes
import fcntl
import io
import os
import signal
import socket
import struct
import sys
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from container_images import DOCKER
from hostile_runner import SCRIPT, WATCHED
from hostile_samples import ROOT

from grader.sandbox.child.landlock import outermost
from grader.sandbox.child.reach import closed_folders, open_folders
from grader.sandbox.libc import PR_SET_PDEATHSIG, prctl
from grader.sandbox.paths import readable_paths

_libc = ctypes.CDLL(None, use_errno=True)
_NEW = 0x00020000 | 0x20000000 | 0x08000000 | 0x40000000 | 0x04000000  # mounts, pids, ipc, network, host name
_PLAIN = 65534


def _call(name: str, *arguments: Any) -> None:
    if getattr(_libc, name)(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)


def _mount_empty(folder: str, kind: str = "tmpfs", data: bytes | None = b"mode=1777,size=2g") -> None:
    _call("mount", kind.encode(), folder.encode(), kind.encode(), ctypes.c_ulong(0), data)


def _packed(project: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(project, arcname=".")
    return buffer.getvalue()


def box(user: str, *, landlock: bool, fresh: bool, project: Path) -> None:
    """Become the first process of a box and run a runner in it as `user`; needs root. Returns when the runner ended."""
    os.umask(0o022)  # what the box makes, the plain user reads
    packed = _packed(project)
    _call("unshare", _NEW)
    pid = os.fork()
    if pid:
        os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 255)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # everything read-only, the propagation of mounts private; then the few folders that may be written to
    attributes = struct.pack("<4Q", 1, 0, 1 << 18, 0)
    _call("syscall", 442, -100, b"/", 0x8000, attributes, len(attributes))
    needed = [*map(Path, readable_paths()), Path(sys.base_prefix), Path(sys.prefix), ROOT]
    _empty_watched(needed)
    _mount_empty("/proc", "proc", None)
    _raise_loopback()
    if user != "root":
        # a container's interpreter lies where everybody can reach it; the root user has the grader see to that itself
        open_folders(closed_folders(needed))
    project.mkdir(parents=True)
    project.parent.chmod(0o755)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(project)
    if user == "plain":
        for path in [project.parent, *project.parent.rglob("*")]:
            os.chown(path, _PLAIN, _PLAIN)
    if not landlock:
        _hide_landlock()
    runner = os.fork()
    if runner == 0:
        command = [sys.executable, str(SCRIPT), "--serve", "--boxed", *(["--fresh"] if fresh else [])]
        if user == "plain":
            os.setgroups([])
            os.setresgid(_PLAIN, _PLAIN, _PLAIN)
            os.setresuid(_PLAIN, _PLAIN, _PLAIN)
        elif user == "docker":
            kept = ",".join(f"+{name.lower()}" for name in DOCKER)
            command = ["setpriv", f"--bounding-set=-all,{kept}", "--inh-caps=-all", *command]
        os.execvp(command[0], command)
    while True:
        ended, status = os.wait()
        if ended == runner:
            os._exit(os.waitstatus_to_exitcode(status) & 255)


def _empty_watched(needed: Iterable[Path]) -> None:
    """Cover the folders that may be written to by empty ones; what the runner needs of them is bound back, read-only.

    The project itself may lie in one of them, as a clone in /tmp does.
    """
    held = [
        (path, os.open(path, os.O_PATH | os.O_CLOEXEC))
        for path in outermost(path.resolve() for path in needed)
        if path.is_dir() and any(path.is_relative_to(folder) for folder in WATCHED)
    ]
    for folder in WATCHED:
        _mount_empty(str(folder))
    for path, descriptor in held:
        path.mkdir(parents=True)
        _call("mount", f"/proc/self/fd/{descriptor}".encode(), str(path).encode(), None, ctypes.c_ulong(4096), None)
        os.close(descriptor)


def _raise_loopback() -> None:
    """Without it, a socket fails for want of a network, whatever the jail does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sh14x", b"lo", 1))


def _hide_landlock() -> None:
    """Answer ENOSYS to Landlock's calls, as an older kernel does, and gVisor."""
    jump, answer = struct.Struct("<HBBI"), 0x00050000 | 38
    steps = [(0x20, 0, 0, 0), (0x35, 0, 2, 444), (0x25, 1, 0, 446), (0x06, 0, 0, answer), (0x06, 0, 0, 0x7FFF0000)]
    code = ctypes.create_string_buffer(b"".join(jump.pack(*step) for step in steps))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))

    _call("prctl", 22, 2, ctypes.byref(Program(len(steps), ctypes.cast(code, ctypes.c_void_p))), 0, 0)
