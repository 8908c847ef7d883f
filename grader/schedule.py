"""Decides which tests run in which child, and which run counts. Every grading uses this one schedule.

First a few children run many tests each: one for the visible tests, one for the hidden ones. A test that didn't pass
there runs once more, alone, and only that run counts: so no test loses points by what another one did. A pass counts,
because a child undoes what each test leaves behind, or runs no other test after it; see `sandbox.child.leftovers`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.sandbox.worker import Worker

if TYPE_CHECKING:  # these import numpy, and the zygote starts first
    from grader.fixtures import Fixtures, TestSpec
    from grader.judge.memo import Memo
    from grader.judge.settle import Judged
    from grader.recording import Recording
    from grader.report import TestResult

Progress = Callable[[int, int, str], None]
"""Called with the number of finished steps, the number of all steps, and the step's subject, such as a test's title."""
CHILDREN = 4
"""The most children that share the tests of one group. A hand-in whose tests keep ending them gains nothing by more."""
HASTE = 5
"""In a shared child, a test gets this part of its time: what hangs, hangs there shortly and once more alone."""
LEAST_SECONDS = 1.0


@dataclass(frozen=True)
class _Judging:
    """Runs tests and judges their recordings."""

    worker: Worker
    fixtures: Fixtures
    end: float
    """When the tests' time is used up, by time.monotonic(), if no child ever waits for a processor."""
    until: float
    """When everything must have ended."""
    memo: Memo

    @property
    def left(self) -> float:
        return min(self.end + self.worker.waited, self.until) - time.monotonic()

    def judge(self, spec: TestSpec, recording: Recording) -> Judged:
        from grader.judge.assemble import command_for
        from grader.judge.score import judge_one

        command = command_for(self.worker.assignment, spec)
        alternatives = self.fixtures.alternatives.get(spec.id, ())
        return self.memo.judge(spec.id, recording, lambda: judge_one(spec, alternatives, recording, command=command))

    def together(self, specs: Sequence[TestSpec]) -> dict[str, Judged]:
        """Return the results of those tests that ran in a shared child."""
        results: dict[str, Judged] = {}
        seconds = max(self.worker.assignment.limits.test_seconds / HASTE, LEAST_SECONDS)
        waiting = list(specs)
        for _ in range(CHILDREN):
            if len(waiting) < 2 or self.left <= 0:
                break
            ids = [spec.id for spec in waiting]
            recordings = self.worker.run_together(ids, seconds=min(seconds, self.left), until=self.until)
            for spec, recording in zip(waiting, recordings, strict=False):
                results[spec.id] = self.judge(spec, recording)
            waiting = waiting[len(recordings) :]
            if len(recordings) == 1 or recordings[-1].ending == "timeout":
                break  # it doesn't share; or others may hang too, and alone each costs its own time only
        return results

    def in_turn(self, specs: Sequence[TestSpec], progress: Progress | None) -> dict[str, Judged]:
        """Return the results of all tests, which see what earlier ones left; after one that ends its child, a new one.

        Each test has its whole time, and none runs twice.
        """
        results: dict[str, Judged] = {}
        waiting = list(specs)
        while waiting and self.left > 0:
            if progress is not None:
                progress(len(results), len(specs), waiting[0].title)
            recordings = self.worker.run_together([spec.id for spec in waiting], seconds=self.left, until=self.until)
            for spec, recording in zip(waiting, recordings, strict=False):
                results[spec.id] = self.judge(spec, recording)
            waiting = waiting[len(recordings) :]
        return results

    def alone(self, spec: TestSpec) -> Judged:
        """Return the result of a test in its own child."""
        from grader.recording import Recording

        limits, left = self.worker.assignment.limits, self.left
        used_up = f"the time for all tests together ({limits.total_seconds:g} s at most) is used up"
        if left <= 0:
            recording = Recording("timeout", f"not run: {used_up}")
        else:
            recording = self.worker.run(spec.id, seconds=left, until=self.until)
            if recording.ending == "timeout" and left < limits.test_seconds:
                # the test hadn't its own time, so nothing is known of how slow it is
                recording = recording._replace(message=f"stopped after {left:.3g} s: {used_up}")
        return self.judge(spec, recording)


def run_tests(
    worker: Worker,
    fixtures: Fixtures,
    progress: Progress | None = None,
    deadline: float | None = None,
    *,
    together: bool = True,
    memo: Memo | None = None,
) -> list[TestResult]:
    """Run and judge every test of the fixtures, within the assignment's total time.

    Args:
        worker: ready, with the submission in its folder.
        fixtures: of the tests that the worker collected, or of some of them.
        progress: called before each child and each test that runs alone.
        deadline: by time.monotonic(); it may shorten the assignment's total time.
        together: False runs every test alone; an audit compares both ways.
        memo: of these fixtures' results, if several hand-ins are graded.
    """
    from grader.judge.settle import settle

    end = time.monotonic() + worker.assignment.limits.total_seconds - worker.waited
    until = math.inf if deadline is None else deadline
    from grader.judge.memo import Memo

    judging = _Judging(worker, fixtures, end, until, memo or Memo())
    if worker.lasting:
        turns = judging.in_turn(fixtures.tests, progress)
        return settle([turns.get(spec.id) or judging.alone(spec) for spec in fixtures.tests])
    shared: dict[str, Judged] = {}
    for hidden in (False, True) if together else ():
        group = [spec for spec in fixtures.tests if worker.hides(spec.id) == hidden and not spec.alone]
        if group and progress is not None:
            progress(len(shared), len(fixtures.tests), group[0].title)
        shared |= judging.together(group)
    results = {test: judged for test, judged in shared.items() if judged.result.status == "passed"}
    # what didn't run yet comes before what may hang again
    for spec in sorted(fixtures.tests, key=lambda spec: spec.id in shared):
        if spec.id not in results:
            if progress is not None:
                progress(len(results), len(fixtures.tests), spec.title)
            results[spec.id] = judging.alone(spec)
    return settle([results[spec.id] for spec in fixtures.tests])
