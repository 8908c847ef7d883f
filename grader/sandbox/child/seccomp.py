"""A seccomp filter, built without a library: it refuses system calls that student code must not make.

It is a deny list, so that numerics libraries keep working. Refused calls fail with an errno instead of a kill, because
libraries try calls and fall back. The numbers are those of x86-64 and aarch64; elsewhere there is no filter.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import platform
import struct
from collections.abc import Mapping
from typing import Literal, NamedTuple

from grader.sandbox.libc import PR_SET_SECCOMP, prctl

_MODE_FILTER = 2

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT = 0x40000000
_CLONE_THREAD = 0x00010000
_CLONE_AWAY = 0x7E028000
"""New namespaces, and a process that isn't the caller's child."""
Programs = Literal["none", "start", "both"]
"""What the filter allows: no program, to start programs, or to start them and to send them signals."""
_STARTING = frozenset({"execve", "execveat", "fork", "vfork"})
_USERS = frozenset(
    {"setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid", "setgroups"}
)
"""Programs that start others change to the user that they have: `make` does before each command. So it's pretended."""
_MODES = frozenset({"chmod", "fchmod", "fchmodat", "fchmodat2"})
"""A linker makes its output executable. A user of our own owns nothing but its work folders, and may do that."""

# struct seccomp_data: nr, arch, instruction pointer, then six arguments of 64 bits; a filter loads 32 bits at a time
_NR, _ARCH, _ARGUMENTS = 0, 4, 16

_LOAD, _EQUAL, _AT_LEAST, _BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000

# name: (x86-64, aarch64); None where the architecture has no such call
_REFUSED: Mapping[str, tuple[int | None, int | None]] = {
    # other programs and processes
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, None), "vfork": (58, None),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440), "process_mrelease": (448, 448),
    "migrate_pages": (256, 238), "move_pages": (279, 239),
    "unshare": (272, 97), "setns": (308, 268), "personality": (135, 92), "modify_ldt": (154, None),
    # sockets
    "socket": (41, 198), "connect": (42, 203), "accept": (43, 202), "accept4": (288, 242), "bind": (49, 200),
    "listen": (50, 201), "sendto": (44, 206), "sendmsg": (46, 211), "sendmmsg": (307, 269), "recvmsg": (47, 212),
    "recvmmsg": (299, 243), "recvfrom": (45, 207),
    # memory and messages that outlive the process
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "semget": (64, 190), "semop": (65, 193),
    "semctl": (66, 191), "semtimedop": (220, 192), "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188),
    "msgctl": (71, 187), "mq_open": (240, 180), "mq_unlink": (241, 181), "mq_timedsend": (242, 182),
    "mq_timedreceive": (243, 183), "mq_notify": (244, 184), "memfd_secret": (447, 447),
    # files in memory, which no memory limit counts
    "memfd_create": (319, 279),
    # resources counted for the whole machine (fs.aio-max-nr) or by user (a timer uses one of the pending signals)
    "io_setup": (206, 0), "io_destroy": (207, 1), "io_submit": (209, 2), "io_cancel": (210, 3),
    "io_getevents": (208, 4), "io_pgetevents": (333, 292), "timer_create": (222, 107),
    # interrupts every processor
    "membarrier": (324, 283),
    # change of user; it would also clear the parent-death signal, so that a process could outlive its parent
    "setuid": (105, 146), "setgid": (106, 144), "setreuid": (113, 145), "setregid": (114, 143),
    "setresuid": (117, 147), "setresgid": (119, 149), "setfsuid": (122, 151), "setfsgid": (123, 152),
    "setgroups": (116, 159), "capset": (126, 91),
    # watching files, and changes to files and mounts that bypass paths or modes
    "inotify_init": (253, None), "inotify_init1": (294, 26), "inotify_add_watch": (254, 27),
    "fanotify_init": (300, 262), "fanotify_mark": (301, 263), "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265), "truncate": (76, 45), "mknod": (133, None), "mknodat": (259, 33),
    "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14),
    "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "statmount": (457, 457), "listmount": (458, 458), "quotactl": (179, 60),
    "quotactl_fd": (443, 443), "swapon": (167, 224), "swapoff": (168, 225),
    # the kernel itself
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "keyctl": (250, 219), "add_key": (248, 217),
    "request_key": (249, 218), "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "uselib": (134, None),
    "landlock_create_ruleset": (444, 444),
    "landlock_add_rule": (445, 445), "landlock_restrict_self": (446, 446), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "reboot": (169, 142), "syslog": (103, 116),
    "acct": (163, 89), "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171),
    "clock_adjtime": (305, 266), "sethostname": (170, 161), "setdomainname": (171, 162), "vhangup": (153, 58),
    "iopl": (172, None), "ioperm": (173, None), "seccomp": (317, 277), "lookup_dcookie": (212, 18),
    # priorities, resource limits and memory policy
    "setpriority": (141, 140), "ioprio_set": (251, 30), "sched_setparam": (142, 118), "sched_setscheduler": (144, 119),
    "sched_setattr": (314, 274), "setrlimit": (160, 164), "mbind": (237, 235), "set_mempolicy": (238, 237),
    "set_mempolicy_home_node": (450, 450),
}  # fmt: skip

# These report success and do nothing. Modes and times: copying a file sets them, and no test needs the effect.
# Syncs: a child's files needn't survive a power loss, and syncing would slow other users of the disk.
# Locks: a child is alone in its work folder, and a lock on a shared file would affect other tests.
_IGNORED: Mapping[str, tuple[int | None, int | None]] = {
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
    "sync": (162, 81), "syncfs": (306, 267), "fsync": (74, 82), "fdatasync": (75, 83), "sync_file_range": (277, 84),
    "msync": (26, 227), "flock": (73, 32),
}  # fmt: skip

# allowed only if the first argument is the calling process's own id or 0
_ON_ITSELF: Mapping[str, tuple[int | None, int | None]] = {
    "kill": (62, 129), "tgkill": (234, 131), "prlimit64": (302, 261), "sched_setaffinity": (203, 122),
}  # fmt: skip


class _Choice(NamedTuple):
    """A system call with many operations, selected by one argument; all but a few operations are refused."""

    numbers: tuple[int, int]
    argument: int
    """The argument's index; the kernel reads only its lower 32 bits."""
    allowed: tuple[int, ...]
    ignored: tuple[int, ...]
    """Operations that report success and do nothing."""
    refusal: int
    """The errno for all other operations: the kernel's errno for an unknown operation, which libraries can handle."""


# These are allow lists. The refused operations can send signals to a descriptor's owner, type into a terminal, make a
# file immutable, lease or lock shared files, or use up the user's pipe memory. They can also let a process outlive its
# parent, be traced, change how it is displayed or adopt orphaned descendants.
_CHOICES: Mapping[str, _Choice] = {
    # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_OFD_GETLK, F_DUPFD_CLOEXEC, F_GETPIPE_SZ, F_GET_SEALS;
    # ignored: F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW
    "fcntl": _Choice((72, 25), 1, (0, 1, 2, 3, 4, 5, 36, 1030, 1032, 1034), (6, 7, 37, 38), errno.EINVAL),
    # FIOCLEX, FIONCLEX, FIONBIO, FIONREAD, TCGETS, TCGETS2, TIOCGWINSZ, TIOCGPGRP
    "ioctl": _Choice(
        (16, 29), 1, (0x5451, 0x5450, 0x5421, 0x541B, 0x5401, 0x802C542A, 0x5413, 0x540F), (), errno.ENOTTY
    ),
    # PR_GET_PDEATHSIG, PR_GET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_GET_SECCOMP, PR_CAPBSET_READ, PR_SET_TIMERSLACK,
    # PR_GET_TIMERSLACK, PR_GET_NO_NEW_PRIVS, PR_GET_THP_DISABLE, PR_SVE_GET_VL, PR_SME_GET_VL, PR_SET_VMA (names of
    # memory); nothing here ever needs PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER, PR_SET_PTRACER,
    # PR_SET_MM, PR_SET_SECCOMP, PR_MCE_KILL, PR_SCHED_CORE, PR_SET_MEMORY_MERGE and their like
    "prctl": _Choice((157, 167), 0, (2, 3, 15, 16, 21, 23, 29, 30, 39, 42, 51, 64, 0x53564D41), (), errno.EINVAL),
}
_FIRST_UNKNOWN = 463
"""The first system call (setxattrat, Linux 6.13) that this list doesn't know; from it on, calls fail with ENOSYS.

An older kernel answers so too, and callers must handle that. New calls have one number on all architectures."""
_CLONE = (56, 220)
_CLONE3 = (435, 435)

_INSTRUCTION = struct.Struct("<HBBI")
_OWN_ID = struct.Struct("<I")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def available() -> bool:
    """Whether there is a filter for this architecture and the kernel accepts filters."""
    if platform.machine() not in _AUDIT_ARCH:
        return False
    # a filter at address 0 fails with EFAULT if the kernel supports filters, and with EINVAL if it doesn't
    try:
        prctl(PR_SET_SECCOMP, _MODE_FILTER, None)
    except OSError as error:
        return error.errno == errno.EFAULT
    return False


def _return(action: int) -> bytes:
    return _INSTRUCTION.pack(_RETURN, 0, 0, action)


def _errno(code: int) -> int:
    return 0x00050000 | code


def program(pid: int, programs: Programs = "none", *, modes: bool = False) -> bytes:
    """Return the filter for a process with this id, which may start programs, or also end them, or set modes."""
    machine = platform.machine()
    column = 0 if machine == "x86_64" else 1

    def numbers(table: Mapping[str, tuple[int | None, int | None]]) -> list[int]:
        return [number for number in (row[column] for row in table.values()) if number is not None]

    code = [
        _INSTRUCTION.pack(_LOAD, 0, 0, _ARCH),
        _INSTRUCTION.pack(_EQUAL, 1, 0, _AUDIT_ARCH[machine]),
        _return(_KILL),
        _INSTRUCTION.pack(_LOAD, 0, 0, _NR),
    ]
    if column == 0:
        code += [_INSTRUCTION.pack(_AT_LEAST, 0, 1, _X32_BIT), _return(_KILL)]
    code += [_INSTRUCTION.pack(_AT_LEAST, 0, 1, _FIRST_UNKNOWN), _return(_errno(errno.ENOSYS))]
    free = {"kill", "tgkill"} if programs == "both" else set()
    for number in numbers({name: row for name, row in _ON_ITSELF.items() if name not in free}):
        # 0 and the own id are allowed; only the lower 32 bits are compared, because the kernel reads no more of an id
        code += [
            _INSTRUCTION.pack(_EQUAL, 0, 5, number),
            _INSTRUCTION.pack(_LOAD, 0, 0, _ARGUMENTS),
            _INSTRUCTION.pack(_EQUAL, 2, 0, 0),
            _INSTRUCTION.pack(_EQUAL, 1, 0, pid),
            _return(_errno(errno.EPERM)),
            _return(_ALLOW),
        ]
    code += [
        _INSTRUCTION.pack(_EQUAL, 0, 4, _CLONE[column]),
        _INSTRUCTION.pack(_LOAD, 0, 0, _ARGUMENTS),
        *(
            (_INSTRUCTION.pack(_BITS, 1, 0, _CLONE_THREAD), _return(_errno(errno.EPERM)), _return(_ALLOW))
            if programs == "none"
            else (_INSTRUCTION.pack(_BITS, 0, 1, _CLONE_AWAY), _return(_errno(errno.EPERM)), _return(_ALLOW))
        ),
        # on ENOSYS, glibc assumes an old kernel and makes threads with clone, whose flags a filter can read
        _INSTRUCTION.pack(_EQUAL, 0, 1, _CLONE3[column]),
        _return(_errno(errno.ENOSYS)),
    ]
    for choice in _CHOICES.values():
        known = len(choice.allowed) + len(choice.ignored)
        code += [
            _INSTRUCTION.pack(_EQUAL, 0, known + 4, choice.numbers[column]),
            _INSTRUCTION.pack(_LOAD, 0, 0, _ARGUMENTS + 8 * choice.argument),
            *(_INSTRUCTION.pack(_EQUAL, known - place, 0, value) for place, value in enumerate(choice.allowed)),
            *(
                _INSTRUCTION.pack(_EQUAL, known - place + 1, 0, value)
                for place, value in enumerate(choice.ignored, len(choice.allowed))
            ),
            _return(_errno(choice.refusal)),
            _return(_ALLOW),
            _return(_errno(0)),
        ]
    starting, pretended = (set(), set()) if programs == "none" else (_STARTING, _USERS)
    refused = numbers({name: row for name, row in _REFUSED.items() if name not in starting | pretended})
    ignored = numbers({name: row for name, row in _IGNORED.items() if not modes or name not in _MODES})
    ignored += numbers({name: _REFUSED[name] for name in sorted(pretended)})
    # one comparison for each call, then the three results; jumps are relative to the next instruction and fit a byte
    total = len(refused) + len(ignored)
    for place, number in enumerate(refused):
        code.append(_INSTRUCTION.pack(_EQUAL, total - place, 0, number))
    for place, number in enumerate(ignored, len(refused)):
        code.append(_INSTRUCTION.pack(_EQUAL, total - place + 1, 0, number))
    return b"".join([*code, _return(_ALLOW), _return(_errno(errno.EPERM)), _return(_errno(0))])


@functools.cache
def around_own_id(programs: Programs, modes: bool) -> tuple[bytes, ...]:
    """Return the filter, split at the process id.

    Call it once before the forks, with the arguments that children call `install` with: building the filter takes
    longer than loading it.
    """
    stand_in = 0x7A3C5E19
    return tuple(program(stand_in, programs, modes=modes).split(_OWN_ID.pack(stand_in)))


def install(programs: Programs, modes: bool) -> None:
    """Install the filter permanently in this process, with what it allows about programs and the modes of files.

    Needs NO_NEW_PRIVS; raises OSError if the kernel refuses.
    """
    code = _OWN_ID.pack(os.getpid()).join(around_own_id(programs, modes))
    buffer = ctypes.create_string_buffer(code, len(code))
    filter_ = _Program(len(code) // _INSTRUCTION.size, ctypes.cast(buffer, ctypes.c_void_p))
    prctl(PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(filter_))
