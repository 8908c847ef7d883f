"""The audit as one self-contained HTML page: failed expectations, survivors, and what each test catches."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from grader.authoring.audited import Audit, Survivor
from grader.authoring.expectations import most_earned
from grader.pages.render import render


def to_page(found: Audit, page: Path | None = None) -> str:
    """Return the page; `page` is the file that it is for, so that survivors link to lines of the reference."""
    kills, dead, redundant = found.kills(), set(found.dead_tests()), set(found.redundant_tests())
    wrong = [*found.of("mistake"), *found.of("mutant")]
    return render(
        "audit.html",
        found=found,
        numbers=_numbers(found),
        survivors=sorted(found.survivors, key=lambda item: bool(item.reason)),
        links={survivor.mutant.name: _link(found, survivor, page) for survivor in found.survivors},
        tests=[
            (test, kills[test.id], "dead" if test.id in dead else "never alone" if test.id in redundant else "")
            for test in found.fixtures.tests
        ],
        matrix=[
            (f"{test.number} {test.title}", [(item.candidate.name, test.id in item.lost) for item in wrong])
            for test in found.fixtures.tests
        ],
        mistakes=[(item, item.named) for item in found.of("mistake")],
    )


def _link(found: Audit, survivor: Survivor, page: Path | None) -> str:
    """The address of a mutant's line, relative to the page, so that it holds wherever the course is."""
    if page is None:
        return ""
    file = os.path.relpath(found.assignment.reference / survivor.mutant.file, page.resolve().parent)
    return f"{quote(file)}#L{survivor.mutant.line}"


def _numbers(found: Audit) -> dict[str, str]:
    """The figures at the top, in order: words to value."""
    mistakes, accepted = found.of("mistake"), found.of("accepted")
    killed, total = found.killed
    partial, rewritten = found.of("partial"), found.of("rewrite")
    return {
        "accepted variants": f"{sum(not item.lost for item in accepted)} / {len(accepted)}",
        **({"variants with partial credit": str(len(partial))} if partial else {}),
        "honest rewrites": f"{sum(not item.lost for item in rewritten)} / {len(rewritten)}",
        "hidden tests in the handout": "refused" if found.handout else "none",
        "points for the handout's values": f"{float(sum(found.replayed.values())):g}",
        "points for trivial stubs": most_earned(found, "stub"),
        "points for the tests' own names": most_earned(found, "borrowed"),
        "known mistakes caught": f"{sum(bool(item.lost) for item in mistakes)} / {len(mistakes)}",
        "of them named": f"{sum(item.named for item in mistakes)} / {len(mistakes)}",
        "mutants killed": f"{killed} / {total}",
        "tests": str(len(found.fixtures.tests)),
        "seconds": f"{found.seconds:.0f}",
    }
