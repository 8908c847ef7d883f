"""Measures a class's page: the time to make it, its size, and the time until a browser shows it.

    python benchmarks/class_page.py                       1,000 hand-ins x 95 tests; exit code 1 above a bound
    python benchmarks/class_page.py --hand-ins 10000

The hand-ins are made up. The browser is Debian's chromium; without one, only the making is measured.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))  # the made-up class is the tests' own

from browser import NAMES, opened, started
from synthetic_class import made_class

from grader.classroom.page import class_page

OPEN_SECONDS = 2.0
"""The longest time until the page is shown, for 1,000 hand-ins."""
MAKE_SECONDS = 60.0
"""The longest time to make the page, for 10,000 hand-ins."""
ROUNDS = 5


def shown_in(file: Path, executable: str) -> float:
    """Seconds from opening the page until its first picture is there; the median of some rounds in fresh windows."""
    times = []
    with started(executable) as browser:
        for _ in range(ROUNDS):
            with opened(browser, Path("/dev/null")) as seen:
                start = time.perf_counter()
                seen.page.goto(file.as_uri())
                seen.page.screenshot()
                times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hand-ins", type=int, default=1000)
    parser.add_argument("--tests", type=int, default=95)
    options = parser.parse_args()
    book = made_class(options.hand_ins, options.tests)
    start, cpu = time.perf_counter(), time.process_time()
    page = class_page(book, links={entry.key: f"students/{entry.key}.html" for entry in book.entries})
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    size = len(page.encode()) / 1024
    print(f"{options.hand_ins} x {options.tests}: {size:.0f} KiB, made in {seconds:.2f} s ({cpu:.2f} s CPU)")
    slow = seconds > MAKE_SECONDS
    executable = next((path for name in NAMES if (path := shutil.which(name))), None)
    if executable is None:
        print("not opened: there is no browser here")
        return int(slow)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.html"
        file.write_text(page, "utf-8")
        shown = shown_in(file, executable)
    print(f"shown after {shown:.2f} s; at most {OPEN_SECONDS:g} s are allowed for 1,000 x 95")
    return int(slow or (options.hand_ins <= 1000 and shown > OPEN_SECONDS))


if __name__ == "__main__":
    sys.exit(main())
