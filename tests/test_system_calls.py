"""Every system call has a decision: refused, ignored, bound to its own process, or allowed here with a reason.

Names and numbers come from the kernel's headers, if the machine has them. So a new call in a newer header fails this
test until it has a decision, and the test finds wrong numbers in the filter's tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from grader.sandbox.child import seccomp

ALLOWED: Mapping[str, str] = {
    "files by path: Landlock, modes and the mounts say which": """
        open openat openat2 creat stat lstat fstat newfstatat fstatat statx access faccessat faccessat2 readlink
        readlinkat getdents getdents64 getcwd chdir fchdir rename renameat renameat2 mkdir mkdirat rmdir unlink unlinkat
        link linkat symlink symlinkat umask statfs fstatfs getxattr lgetxattr fgetxattr listxattr llistxattr
        flistxattr statfs64 fstatfs64""",
    "open files: the descriptor is the process's own, and their number is limited": """
        read write close lseek pread64 pwrite64 readv writev preadv pwritev preadv2 pwritev2 ftruncate fallocate
        fadvise64 readahead dup dup2 dup3 pipe pipe2 sendfile splice tee vmsplice copy_file_range close_range
        ftruncate64""",
    "waiting: what is watched is the process's own, and the number of descriptors limits it": """
        poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2
        epoll_ctl_old epoll_wait_old eventfd eventfd2 signalfd signalfd4 timerfd_create timerfd_settime
        timerfd_gettime pause""",
    "a pair of sockets without a network, as event loops make it": """
        socketpair shutdown getsockname getpeername setsockopt getsockopt""",
    "own memory, limited": """
        mmap munmap mprotect mremap brk madvise mincore remap_file_pages pkey_mprotect pkey_alloc pkey_free
        get_mempolicy shmdt map_shadow_stack mseal""",
    "own memory, locked: the limit is 0": "mlock mlock2 mlockall munlock munlockall",
    "own threads and how they wait; futexes of others would need memory shared with them": """
        futex futex_waitv futex_wake futex_wait futex_requeue set_robust_list get_robust_list set_tid_address rseq
        gettid
        arch_prctl set_thread_area get_thread_area sched_yield exit exit_group restart_syscall""",
    "own signals and alarms; the judge kills by SIGKILL, with a clock of its own": """
        rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack alarm
        setitimer getitimer""",
    "of timers that can't be made": "timer_settime timer_gettime timer_getoverrun timer_delete",
    "of watches and queues that can't be made": "inotify_rm_watch mq_getsetattr",
    "time: reading it, and waiting": """
        nanosleep clock_nanosleep gettimeofday time clock_gettime clock_getres times""",
    "own session: the jail made one already, and the zygote finds its children wherever they are": """
        setsid setpgid getpgid getpgrp getsid wait4 waitid""",
    "reading what is no secret": """
        getpid getppid getuid geteuid getgid getegid getgroups getresuid getresgid capget uname sysinfo getrlimit
        getrusage getpriority ioprio_get getcpu getrandom sched_getparam sched_getscheduler sched_getattr
        sched_getaffinity sched_get_priority_max sched_get_priority_min sched_rr_get_interval ustat sysfs
        cachestat lsm_get_self_attr lsm_list_modules""",
    "without root's powers always refused by the kernel": "lsm_set_self_attr",
    "names without a call behind them in any kernel of today": """
        _sysctl create_module get_kernel_syms query_module nfsservctl getpmsg putpmsg afs_syscall tuxcall security
        vserver""",
}
HEADERS = {
    0: ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", r"#define __NR_(\w+)\s+(\d+)"),
    1: ("/usr/include/asm-generic/unistd.h", r"#define __NR(?:3264)?_(\w+)\s+(\d+)"),
}
OF_32_BITS = re.compile(r"\w+(_time64|time64|adjtime64|settime64|gettime64)|arch_specific_syscall|syscalls")


def listed(column: int) -> dict[str, int]:
    """The names and numbers of an architecture's calls."""
    path, pattern = HEADERS[column]
    if not Path(path).is_file():
        pytest.skip(f"there is no {path}; the package linux-libc-dev has it")
    found = re.findall(pattern, Path(path).read_text("utf-8"))
    return {name: int(number) for name, number in found if not OF_32_BITS.fullmatch(name)}


def decided() -> dict[str, tuple[int | None, int | None]]:
    """The calls that the filter looks at."""
    tables = {**seccomp._REFUSED, **seccomp._IGNORED, **seccomp._ON_ITSELF}
    tables |= {name: choice.numbers for name, choice in seccomp._CHOICES.items()}
    return {**tables, "clone": seccomp._CLONE, "clone3": seccomp._CLONE3}


@pytest.mark.parametrize("column", HEADERS)
def test_every_call_is_decided(column: int) -> None:
    allowed = {name for names in ALLOWED.values() for name in names.split()}
    calls = listed(column)
    same = {"sync_file_range2", "fcntl64"}  # other names of a number that is decided
    open_ones = {name for name, number in calls.items() if number < seccomp._FIRST_UNKNOWN}
    assert open_ones - allowed - set(decided()) - same == set()


@pytest.mark.parametrize("column", HEADERS)
def test_the_numbers_are_the_kernels(column: int) -> None:
    calls = listed(column)
    for name, numbers in decided().items():
        if name in calls:
            assert numbers[column] == calls[name], name


def test_nothing_is_decided_twice() -> None:
    names = [name for group in ALLOWED.values() for name in group.split()]
    assert len(set(names)) == len(names)
    assert not set(names) & set(decided())
    tables = [seccomp._REFUSED, seccomp._IGNORED, seccomp._ON_ITSELF, seccomp._CHOICES]
    assert sum(map(len, tables)) + 2 == len(decided())
