"""Downloads of a class, as each platform writes them."""

from class_sources import FILES, PACKED, ZIPPED, below

METADATA = """\
---
submission_101:
  :submitters:
  - :name: Jane Doe
    :sid: '0123'
    :email: jane@x.edu
  :created_at: 2026-10-20 15:34:12.123456000 -07:00
  :score: 10.0
  :status: processed
  :results:
    score: 10.0
    tests:
    - name: 'a: b'
      output: |2
          :submitters: nobody
      :results:
    output: "ends\\
      \\ :results: in a quote"
  :history:
  - :id: 99
    :created_at: 2026-10-19 15:34:12.000000000 Z
    :results:
      tests: []
    :score: 3.0
submission_102:
  :submitters:
  - :name: Bob "B" Ray
    :sid:
    :email: bob@x.edu
  - :name: Zoë O'Neil
    :email: zoe@x.edu
  :created_at: 2026-10-20 22:00:00.000000000 Z
  :status: queued
"""


def gradescope(metadata: str = METADATA) -> dict[str, bytes]:
    root = "assignment_5_export"
    return {
        f"{root}/submission_metadata.yml": metadata.encode(),
        **below(f"{root}/submission_101"),
        **below(f"{root}/submission_102"),
        "__MACOSX/assignment_5_export/._submission_metadata.yml": b"junk",
        f"{root}/.DS_Store": b"junk",
    }


def autolab() -> dict[str, bytes]:
    return {
        "jane@x.edu_1_handin.tar": b"old",
        "jane@x.edu_10_handin.tar": PACKED,
        "jane@x.edu_9_handin.tar": b"old",
        "j_r-b.o'neil@cs.x.edu_2_handin.tar": PACKED,
    }


def canvas() -> dict[str, bytes]:
    return {
        "doejane_LATE_4711_90001_hw1-1.py": FILES["hw1/hw1.py"],
        "doejane_LATE_4711_90002_dropout-1.py": FILES["mytorch/dropout.py"],
        "doejane_LATE_4711_90003_optimizer.py": FILES["mytorch/optimizer.py"],
        "rayéb_4712_90004_my_2_handin-3.zip": ZIPPED,
        "LATE_anon_a1B2c_90005_handin.tar.gz": PACKED,
        "poetpaul_4713_text.html": b"<p>words</p>",
        "poetlin_LATE_4714_link.html": b"<a>",
    }


def moodle(end: str = "") -> dict[str, bytes]:
    return {
        **below(f"Jane Mary Doe_777_assignsubmission_file{end}"),
        "Jane Mary Doe_777_assignsubmission_onlinetext/onlinetext.html": b"<p>",
        f"Bob_778_assignsubmission_file{end}/handin.zip": ZIPPED,
        "Poet_779_assignsubmission_onlinetext/onlinetext.html": b"<p>",
        **below(f"Default group_assignsubmission_file{end}"),
    }


def moodle_flat() -> dict[str, bytes]:
    return {
        "Participant_777_assignsubmission_file_hw1.py": FILES["hw1/hw1.py"],
        "Participant_777_assignsubmission_file_dropout.py": FILES["mytorch/dropout.py"],
        "Participant_777_assignsubmission_onlinetext_onlinetext.html": b"<p>",
        "Participant_778_assignsubmission_file_my_handin.zip": ZIPPED,
    }


def nbgrader() -> dict[str, bytes]:
    return {
        **below("submitted/jane/ps1"),
        "submitted/jane/ps1/timestamp.txt": b"2026-10-20 15:34:12.123456 America/Los_Angeles\n",
        **below("submitted/bob/ps1"),
        "submitted/bob/ps1/timestamp.txt": b"2026-10-20 15:34:12 Middle/Earth",
    }


def prairielearn() -> dict[str, bytes]:
    return {
        "jane@x.edu_1_hw/one_1_1_900_hw1.py": b"old",
        "jane@x.edu_1_hw/one_1_2_901_hw1.py": FILES["hw1/hw1.py"],
        "jane@x.edu_1_hw/one_1_2_901_dropout.py": FILES["mytorch/dropout.py"],
        "bob@x.edu_1_hw/one_1_1_902_my_handin.zip": ZIPPED,
    }


def plain() -> dict[str, bytes]:
    return {
        **below("alice"),
        **below("Bob Ray/wrapped"),
        "carl.tar.gz": PACKED,
        "dora@x.edu.zip": ZIPPED,
        "eve.py": b"x = 1\n",
        "frank.ipynb": b'{"cells": []}',
        "roster.csv": b"key\nalice\n",
    }


LAYOUTS = {
    "gradescope": (gradescope(), ["bob@x.edu+zoe@x.edu", "jane@x.edu"]),
    "autolab": (autolab(), ["j_r-b.o'neil@cs.x.edu", "jane@x.edu"]),
    "canvas": (canvas(), ["4711", "4712", "anon_a1B2c"]),
    "moodle": (moodle(), ["777", "778", "Default group"]),
    "moodle old": (moodle("_"), ["777", "778", "Default group"]),
    "moodle flat": (moodle_flat(), ["777", "778"]),
    "nbgrader": (nbgrader(), ["bob", "jane"]),
    "prairielearn": (prairielearn(), ["bob@x.edu", "jane@x.edu"]),
    "plain": (plain(), ["Bob Ray", "alice", "carl", "dora@x.edu", "eve", "frank"]),
}
