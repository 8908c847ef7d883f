"""The messages between the judge and a zygote: frozen values, sent as one JSON object each.

They are named tuples, as all nouns that the untrusted side imports: a dataclass takes ten times as long to make, and
every grading waits for that side to load.

    judge -> zygote   Settings, first; then a Command for each child, with the descriptors of its channel, of
                      its output, and of the code that an earlier child compiled, if there is one
    zygote -> judge   a Described for each test, then Ready; or Problem, and nothing more;
                      for each Command, Started and then Ended

Settings that come with a descriptor are for a twin: the zygote forks it, and the twin answers on that descriptor.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from grader.described import Described
from grader.levels import Level

MESSAGE_BYTES = 2**20
"""The greatest message that either side reads."""


class Settings(NamedTuple):
    """The settings that a zygote needs before it loads the tests."""

    library: str
    tests: str
    """The folder of the test files."""
    files: tuple[str, ...]
    """The test files in it, in the order of the parts."""
    path: tuple[str, ...]
    """The folders of a submission that go on `sys.path`."""
    forbid: tuple[str, ...]
    helpers: str
    """The folder of the course's own modules; empty if there is none."""
    submission: str
    work: str
    stage: str
    judge: int
    """The judge's process id, for the self-probe."""
    level: Level
    user: tuple[int, int] | None
    """The uid and gid of the worker; None to keep the current user."""
    readable: tuple[str, ...]
    """The paths that student code may read in addition to the tests and the submission."""
    programs: bool = False
    """Whether student code may start programs and processes."""


class Command(NamedTuple):
    """One child to fork."""

    tests: tuple[str, ...]
    """The ids of the tests that it runs."""
    seeds: tuple[int, ...]
    """The seed of each; the secret one that they are made from stays with the judge."""
    given: bool
    """Whether checks also send the values that they were given; true only in a record run."""
    memory_mb: int
    cpu_seconds: int
    value_bytes: int
    lasting: bool = False
    """Whether each test finds what the tests before it left behind."""
    loaded: tuple[str, ...] = ()
    """Installed modules to load before the fork, once for all children."""
    prepares: bool = False
    """Whether it first finds out, and tells the judge, what all children of a hand-in need; see `wire.Prepared`."""
    shares: bool = True
    """Whether an earlier child found that the hand-in's tests may share a process."""


class Asked(NamedTuple):
    """One notebook to convert."""

    file: str
    """Its path in the submission's folder."""
    name: str
    """What its student calls it."""
    targets: tuple[str, ...]
    """The Python files that it stands for."""
    instead: bool
    """Whether these are there too, and the notebook counts only if it defines something else."""


class Conversion(NamedTuple):
    """What a hand-in has of notebooks; a child finds it as a file, and answers by the places in these lists."""

    notebooks: tuple[Asked, ...] = ()
    scripts: tuple[str, ...] = ()
    """Python files that may have been made from notebooks."""
    template: tuple[str, ...] = ()
    """Texts of the students' template: notebooks and Python files."""

    def to_json(self) -> str:
        """Return the text of the file."""
        return json.dumps(self._asdict() | {"notebooks": [asked._asdict() for asked in self.notebooks]})


class Ready(NamedTuple):
    """The tests are collected and the jail is tried."""

    layers: tuple[str, ...]
    probe: Mapping[str, bool]
    """For each action of the self-probe, whether it succeeded inside the jail."""
    own_disk: bool = False
    """Whether its work folders are on a small file system of its own, where the judge sees nothing of them."""


class Problem(NamedTuple):
    """The tests can't be collected."""

    text: str


class Started(NamedTuple):
    """A child was forked."""

    pid: int


class Ended(NamedTuple):
    """A child has ended."""

    status: int
    """As from wait4."""
    memory_mb: float
    clean: bool
    """Whether all processes of the child have ended."""


Message = Settings | Command | Described | Ready | Problem | Started | Ended
_KINDS: Mapping[str, type[Message]] = {
    kind.__name__: kind for kind in (Settings, Command, Described, Ready, Problem, Started, Ended)
}


def encode(message: Message) -> bytes:
    """Return the bytes of a message."""
    return json.dumps([type(message).__name__, message._asdict()], default=str).encode("ascii")


def decode(raw: bytes) -> Message | None:
    """Return the message in `raw`; None if it holds no message, as when the other side has closed the socket."""
    try:
        name, fields = json.loads(raw)
        kind = _KINDS[name]
    except (ValueError, TypeError, KeyError):
        return None
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
    return cast(Message, cast(Any, kind)(**values))
