"""What a class costs a submission, beside the peers and beside a loop of `grader grade`, in one run.

    python benchmarks/class_speed.py

Prints processor time a submission. For `grader class` it is the slope between a small and a larger class, so what a
run costs once isn't in it; that is printed too. The ten tests are those of `ten_tests.py`; a mixed class is made of an
assignment's reference, accepted variants, known mistakes and template. Only ratios within one run are compared.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from itertools import cycle, islice
from pathlib import Path

from ten_tests import HERE, Cost, measure, prepare

from grader.authoring.template import on_disk
from grader.authoring.variants import apply_variant, load_variants
from grader.settings import load_assignment

ROOT = Path(__file__).resolve().parents[1]
GOALS = {"ten": 10.0, "cmu11785_hw1_bonus": 6.0, "eecs498_a3": 4.0}
"""How many times less a class must cost a submission: than gradescope_utils, and than a loop of `grader grade`."""
PYTHON = sys.executable
GRADER = str(Path(PYTHON).with_name("grader"))


def mixed(assignment: str, folder: Path, number: int) -> list[Path]:
    """Write `number` hand-ins: the reference, variants, and the template, in turn."""
    loaded = load_assignment(ROOT, assignment)
    sorts = [{}, *(apply_variant(loaded, variant) for variant in load_variants(loaded)), on_disk(loaded)]
    made = []
    for index, files in enumerate(islice(cycle(sorts), number)):
        place = folder / f"student{index:04}"
        shutil.copytree(loaded.reference, place)
        for name, text in files.items():
            (place / name).write_text(text, "utf-8")
        made.append(place)
    return made


def class_cost(project: Path, assignment: str, source: Path, run: Path, environment: dict[str, str]) -> Cost:
    """The cost of grading a folder of hand-ins as a class, in one process."""
    command = [GRADER, "class", assignment, str(source), "-o", str(run), "--jobs", "1", "--project", str(project)]
    return measure(command, ROOT, environment)


def slope(project: Path, assignment: str, hand_ins: list[Path], place: Path, environment: dict[str, str]) -> float:
    """Processor seconds that a further hand-in costs."""
    few = max(len(hand_ins) // 10, 1)
    costs = []
    for number in (few, len(hand_ins)):
        source = place / f"class{number}"
        source.mkdir()
        for hand_in in hand_ins[:number]:
            shutil.copytree(hand_in, source / hand_in.name)
        costs.append(class_cost(project, assignment, source, place / f"run{number}", environment))
    each = (costs[1].cpu - costs[0].cpu) / (len(hand_ins) - few)
    once = costs[0].cpu - few * each
    print(f"  a class of {len(hand_ins)}: {costs[1].cpu:.1f} s CPU, {costs[1].wall:.1f} s; once {once:.2f} s")
    return each


def main() -> int:
    """Measure, print, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hand-ins", type=int, default=300, help="of each class (default: %(default)s)")
    parser.add_argument("--loop", type=int, default=12, help="gradings in the loop (default: %(default)s)")
    parser.add_argument("--only", choices=GOALS, action="append", help="measure only this; may be given again")
    options = parser.parse_args()
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    environment = {**os.environ, **threads, "PYTHONDONTWRITEBYTECODE": ""}
    good = True
    for name, goal in GOALS.items():
        if options.only and name not in options.only:
            continue
        with tempfile.TemporaryDirectory() as temporary:
            place = Path(temporary)
            (place / "hand_ins").mkdir()
            print(name)
            if name == "ten":
                (place / "peers").mkdir()
                prepare(place / "peers", PYTHON)
                peer = [PYTHON, "run_gradescope.py", str(place / "results.json")]
                theirs = [measure(peer, place / "peers", environment).cpu for _ in range(options.loop)]
                hand_ins = []
                for index in range(options.hand_ins):
                    hand_ins.append(place / "hand_ins" / f"student{index:04}")
                    shutil.copytree(HERE / "reference/ten", hand_ins[-1])
                ours = slope(HERE, name, hand_ins, place, environment)
                what = "gradescope-utils, a process each"
            else:
                hand_ins = mixed(name, place / "hand_ins", options.hand_ins)
                step = max(len(hand_ins) // options.loop, 1)
                loop = [GRADER, "grade", name, "", "-o", str(place / "results.json")]
                theirs = []
                for hand_in in hand_ins[::step]:
                    loop[3] = str(hand_in)
                    theirs.append(measure(loop, ROOT, environment).cpu)
                ours = slope(ROOT, name, hand_ins, place, environment)
                what = "a loop of grader grade"
            ratio = statistics.fmean(theirs) / ours
            good = good and ratio >= goal
            mean = 1000 * statistics.fmean(theirs)
            print(f"  CPU a submission: {what} {mean:.0f} ms, a class {1000 * ours:.1f} ms")
            print(f"  {ratio:.1f} times less (at least {goal:g})")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
