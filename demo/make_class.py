"""A whole class, once, for a person to look at: graded, killed and resumed, graded on a cluster, and graded again.

Sixty hand-ins are made of the sample submissions and the known variants, and packed as Gradescope's download. All is
below build/class, so nothing that is kept changes.
"""

import csv
import os
import resource
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from itertools import zip_longest
from pathlib import Path

from grader.assignment import Assignment
from grader.authoring.variants import apply_variant, load_variants
from grader.settings import load_assignment

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "build" / "class"
ASSIGNMENT = "cmu11785_hw1_bonus"
STUDENTS = 60
ABSENT = 2
DUE = datetime(2026, 10, 20, 21, 59, tzinfo=timezone.utc)
WEIGHTS = (("@weight(0.5)", "@weight(0.25)"), ("@weight(1)", "@weight(1.25)"))
"""Two tests of one part change their points, as if the first had been too dear: whoever passed it alone loses."""
FIRST = (
    *("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gita", "Hugo", "Ines", "Jun"),
    *("Kofi", "Lena", "Mara", "Nils", "Olga", "Pau", "Quinn", "Rosa", "Sami", "Tess"),
)
LAST = ("Okafor", "Lindqvist", "Meyer-Ruiz")


def samples(assignment: Assignment) -> Iterator[dict[str, bytes]]:
    """Files of hand-ins that differ from the reference: variants and samples, in turn."""
    folder = ROOT / "tests" / "submissions" / ASSIGNMENT
    variants = [
        {name: text.encode() for name, text in apply_variant(assignment, variant).items()}
        for variant in load_variants(assignment)
    ]
    overlays = []
    for verdict in sorted(folder.glob("*/verdict.toml")):
        # those that are laid over others, or leave out or replace something, are for the tests
        if tomllib.loads(verdict.read_text("utf-8")).keys().isdisjoint({"like", "without", "replace"}):
            files = [file for file in verdict.parent.rglob("*") if file.is_file() and file != verdict]
            overlays.append({file.relative_to(verdict.parent).as_posix(): file.read_bytes() for file in files})
    some = overlays[:: max(len(overlays) // (STUDENTS // 3), 1)]
    right: list[dict[str, bytes]] = [{}] * (STUDENTS // 6)
    for group in zip_longest(variants, right, some):
        yield from (files for files in group if files is not None)


def make_download(assignment: Assignment, file: Path, roster: Path) -> None:
    """Write the class as Gradescope's download, and its roster."""
    own = [path for path in assignment.reference.rglob("*.py") if "__pycache__" not in path.parts]
    reference = {path.relative_to(assignment.reference).as_posix(): path.read_bytes() for path in own}
    metadata, people = ["---\n"], []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for index, changed in zip(range(STUDENTS + ABSENT), samples(assignment), strict=False):
            name = f"{FIRST[index % len(FIRST)]} {LAST[index // len(FIRST) % len(LAST)]}"
            email = f"student{index:02}@example.edu"
            people.append((name, email, str(100000 + index), "2 days" if index % 20 == 7 else ""))
            if index >= STUDENTS:
                continue
            # every tenth is late, by some hours or by two days
            hours = (-30 + index % 25) if index % 10 else 5 + 40 * (index % 20 == 0)
            metadata.append(
                f"submission_{index:03}:\n  :submitters:\n  - :name: {name}\n    :sid: '{100000 + index}'\n"
                f"    :email: {email}\n  :created_at: {DUE + timedelta(hours=hours)}\n  :status: processed\n"
            )
            for path, data in (reference | changed).items():
                archive.writestr(f"assignment_1_export/submission_{index:03}/{path}", data)
        archive.writestr("assignment_1_export/submission_metadata.yml", "".join(metadata))
    with roster.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("name", "email", "sid", "extension"), *people])


def command(*arguments: object) -> list[str]:
    """Show a command, and return it."""
    words = [str(argument) for argument in arguments]
    print(f"\n$ grader {' '.join(f'{word!r}' if ' ' in word else word for word in words)}", flush=True)
    return [sys.executable, "-P", "-m", "grader", *words] if sys.version_info >= (3, 11) else ["grader", *words]


def grade(run: str, *options: object, code: int = 0) -> str:
    """Grade the class; return what it cost."""
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    words = command("class", ASSIGNMENT, "download.zip", "-o", run, *common(), *options)
    done = subprocess.run(words, cwd=OUTPUT, check=False)
    if done.returncode != code:
        raise SystemExit(f"exit code {done.returncode}, not {code}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return f"{time.monotonic() - start:.1f} s, {cpu:.1f} s of processor time"


def common() -> tuple[str, ...]:
    """The options that each call has."""
    return (
        "--roster",
        "roster.csv",
        "--due",
        DUE.isoformat(sep=" ", timespec="minutes"),
        "--jobs",
        "2",
        "--test-seconds",
        "3",
    )


def killed(run: str, reports: int) -> None:
    """Start grading, and kill it (-9) when it has so many reports."""
    words = command("class", ASSIGNMENT, "download.zip", "-o", run, *common())
    process = subprocess.Popen(words, cwd=OUTPUT)
    while process.poll() is None and len(list(OUTPUT.glob(f"{run}/reports/[!.]*.json"))) < reports:
        time.sleep(0.01)
    process.kill()
    process.wait()
    print(f"killed with {len(list(OUTPUT.glob(f'{run}/reports/[!.]*.json')))} of {STUDENTS} graded", flush=True)


@contextmanager
def cluster(folder: Path) -> Iterator[Path]:
    """A Dask cluster on this machine: a scheduler and two workers of one thread; yields the scheduler's file, in
    `folder`."""
    file = folder / "scheduler.json"
    log = (folder / "dask.log").open("wb")
    start = [sys.executable, "-m"]
    local = ["--host", "127.0.0.1", "--no-dashboard"]
    scheduler = [*start, "distributed.cli.dask_scheduler", *local, "--port", "0", "--scheduler-file", str(file)]
    worker = [*start, "distributed.cli.dask_worker", *local, "--scheduler-file", str(file), "--nthreads", "1"]
    worker += ["--local-directory", str(folder / "dask")]
    processes = [subprocess.Popen(scheduler, stderr=log, stdout=log)]
    try:
        while not file.exists():
            time.sleep(0.05)
        processes += [subprocess.Popen(worker, stderr=log, stdout=log) for _ in range(2)]
        yield file
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()
        log.close()


def gradebook(run: str) -> list[dict[str, str]]:
    """The rows of a run's gradebook."""
    with (OUTPUT / run / "gradebook.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def demand_equal(one: str, other: str) -> None:
    """End unless two runs have equal gradebooks."""
    if (OUTPUT / one / "gradebook.csv").read_bytes() != (OUTPUT / other / "gradebook.csv").read_bytes():
        raise SystemExit(f"the gradebooks of {one} and {other} differ")


def main() -> None:
    """Make, grade, kill, resume, grade on Dask, grade again with other weights."""
    shutil.rmtree(OUTPUT, ignore_errors=True)
    for folder in ("testcases", "reference"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder / ASSIGNMENT, OUTPUT / folder / ASSIGNMENT, ignore=ignored)
    settings = OUTPUT / "testcases" / ASSIGNMENT / "assignment.toml"
    settings.write_text(settings.read_text("utf-8") + "\n[late]\npercent_per_day = 10\ngrace_minutes = 15\n", "utf-8")
    assignment = load_assignment(OUTPUT, ASSIGNMENT)
    make_download(assignment, OUTPUT / "download.zip", OUTPUT / "roster.csv")

    costs = {"two processes": grade("run")}
    killed("resumed", STUDENTS // 3)
    costs["the rest after the kill"] = grade("resumed")
    demand_equal("run", "resumed")
    with cluster(OUTPUT) as file:
        costs["Dask, two workers (their own time isn't counted)"] = grade("dask-run", "--scheduler-file", file.name)
    demand_equal("run", "dask-run")

    test = OUTPUT / "testcases" / ASSIGNMENT / "test_adam.py"
    text = test.read_text("utf-8")
    for old, new in WEIGHTS:
        text = text.replace(old, new, 1)
    test.write_text(text, "utf-8")
    subprocess.run(command("record", ASSIGNMENT, "--jobs", "2"), cwd=OUTPUT, check=True)
    costs["again, with other weights"] = grade("again", "--against", "run", code=1)

    rows = gradebook("run")
    scores = [float(row["score"]) for row in rows if row["score"]]
    late = sum(row["late"] == "yes" for row in rows)
    print(f"\n{len(rows)} students, {len(scores)} graded, {late} late; mean {sum(scores) / len(scores):.2f} of 15")
    print("equal gradebooks: undisturbed, killed and resumed, and on Dask")
    for what, cost in costs.items():
        print(f"{what}: {cost}")
    print(f"the page: {(OUTPUT / 'again' / 'report.html').relative_to(ROOT)}; what a student sees is in students/")


if __name__ == "__main__":
    os.umask(0o077)
    main()
