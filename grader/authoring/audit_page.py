"""The audit as one self-contained HTML page: failed expectations, survivors, and what each test catches."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from grader.authoring.audited import Audit, Graded
from grader.authoring.expectations import most_earned

_STYLE = """
:root { --bg: #fff; --text: #1c2127; --soft: #5c6670; --line: #dde2e7; --good: #1a7f4b; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --bg: #15181c; --text: #e6e9ec; --soft: #9aa4ae; --line: #30363d; --good: #4cc38a; --bad: #ff8a80; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1200px; padding: 1.5rem 1rem 4rem; background: var(--bg); color: var(--text);
       font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p, li { margin: .25rem 0; } .soft { color: var(--soft); } .good { color: var(--good); } .bad { color: var(--bad); }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .5rem; margin: 1rem 0; }
.numbers div { border: 1px solid var(--line); border-radius: 6px; padding: .5rem .75rem; }
.numbers b { display: block; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; font-size: .9rem; } th { text-align: left; font-weight: 600; }
td, th { padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
pre { overflow-x: auto; margin: .25rem 0; font: .85rem/1.45 ui-monospace, monospace; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; padding: .5rem; }
.matrix td, .matrix th { padding: 0 1px; border: 0; font-size: .75rem; white-space: nowrap; }
.matrix th { position: sticky; left: 0; background: var(--bg); font-weight: 400; padding-right: .5rem;
             max-width: 20rem; overflow: hidden; text-overflow: ellipsis; }
.matrix i { display: block; width: 8px; height: 14px; background: var(--line); border-radius: 2px; }
.matrix i.k { background: var(--bad); }
"""


def to_page(found: Audit) -> str:
    """Return the page."""
    title = f"Audit of {found.assignment.name}"
    sections = [
        _numbers(found),
        _failures(found),
        _survivors(found),
        _tests(found),
        _matrix(found),
        _mistakes(found),
        _in_place(found),
    ]
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(title)}</title>\n'
        f"<style>{_STYLE}</style>\n<h1>{escape(title)}</h1>\n"
        f'<p class="soft">{escape(found.assignment.title)}</p>\n' + "\n".join(filter(None, sections)) + "\n</html>\n"
    )


def _numbers(found: Audit) -> str:
    total, mistakes, accepted = len(found.of("mutant")), found.of("mistake"), found.of("accepted")
    named = sum(any(outcome.named for outcome in item.outcomes.values()) for item in mistakes)
    partial = found.of("partial")
    boxes = {
        "accepted variants": f"{sum(not item.lost for item in accepted)} / {len(accepted)}",
        **({"variants with partial credit": str(len(partial))} if partial else {}),
        "hidden tests in the handout": "refused" if found.handout else "none",
        "points for the handout's values": f"{float(sum(found.replayed.values())):g}",
        "points for trivial stubs": most_earned(found, "stub"),
        "points for the tests' own names": most_earned(found, "borrowed"),
        "known mistakes caught": f"{sum(bool(item.lost) for item in mistakes)} / {len(mistakes)}",
        "of them named": f"{named} / {len(mistakes)}",
        "mutants killed": f"{total - len(found.survivors)} / {total}",
        "tests": str(len(found.fixtures.tests)),
        "seconds": f"{found.seconds:.0f}",
    }
    cells = "".join(f"<div><b>{escape(value)}</b>{escape(name)}</div>" for name, value in boxes.items())
    verdict = (
        '<p class="good">Everything that is expected holds.</p>'
        if not found.failures
        else f'<p class="bad">{len(found.failures)} expectations do not hold.</p>'
    )
    return f'{verdict}<div class="numbers">{cells}</div>'


def _list(items: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"


def _failures(found: Audit) -> str:
    return "<h2>What does not hold</h2>" + _list([escape(item) for item in found.failures]) if found.failures else ""


def _survivors(found: Audit) -> str:
    if not found.survivors:
        return "<h2>Surviving mutants</h2><p>None: every mutant loses points.</p>"
    items = []
    for survivor in sorted(found.survivors, key=lambda item: bool(item.reason)):
        mutant = survivor.mutant
        reason = f"declared equivalent: {escape(survivor.reason)}" if survivor.reason else '<b class="bad">open</b>'
        items.append(
            f"<code>{escape(mutant.file)}:{mutant.line}</code> {escape(mutant.kind)}, {reason}"
            f'<pre><span class="bad">- {escape(mutant.before)}</span>\n'
            f'<span class="good">+ {escape(mutant.after)}</span></pre>'
        )
    return "<h2>Surviving mutants</h2>" + _list(items)


def _tests(found: Audit) -> str:
    kills, dead, redundant = found.kills(), set(found.dead_tests()), set(found.redundant_tests())
    rows = "".join(
        f"<tr><td>{escape(test.number)}</td><td>{escape(test.title)}</td>"
        f'<td class="n">{float(test.points):g}</td><td class="n">{kills[test.id]}</td>'
        f"<td>{'<b class=bad>dead</b>' if test.id in dead else 'never alone' if test.id in redundant else ''}</td></tr>"
        for test in found.fixtures.tests
    )
    return (
        "<h2>Tests</h2><p class=soft>How many mutants and known mistakes each test catches. A dead test is failed by "
        "none; one that is never alone catches nothing that no other test catches.</p>"
        f'<div class="scroll"><table><tr><th></th><th>Test</th><th class="n">Points</th>'
        f'<th class="n">Catches</th><th></th></tr>{rows}</table></div>'
    )


def _matrix(found: Audit) -> str:
    wrong = [*found.of("mistake"), *found.of("mutant")]
    rows = []
    for test in found.fixtures.tests:
        cells = "".join(
            f'<td title="{escape(item.candidate.name)}"><i{" class=k" if test.id in item.lost else ""}></i></td>'
            for item in wrong
        )
        rows.append(f"<tr><th>{escape(test.number)} {escape(test.title)}</th>{cells}</tr>")
    return (
        "<h2>Kill matrix</h2><p class=soft>A row a test, a column a known mistake or a mutant, filled where the test "
        "loses points. Point at a cell for its name.</p>"
        f'<div class="scroll matrix"><table>{"".join(rows)}</table></div>'
    )


def _mistakes(found: Audit) -> str:
    def row(item: Graded) -> str:
        named = any(outcome.named for outcome in item.outcomes.values())
        state = "caught" if item.lost else '<b class="bad">not caught</b>'
        return (
            f"<tr><td><code>{escape(item.candidate.name)}</code></td><td>{state}</td>"
            f"<td>{'named' if named else 'not named'}</td><td>{escape(item.candidate.hint)}</td></tr>"
        )

    rows = "".join(row(item) for item in found.of("mistake"))
    return f"<h2>Known mistakes</h2><div class=scroll><table>{rows}</table></div>" if rows else ""


def _in_place(found: Audit) -> str:
    items = [
        f"<code>{escape(item.candidate.name)}</code> loses points in {len(item.lost)} tests"
        for item in found.in_place_lost
    ]
    if not items:
        return ""
    return (
        "<h2>Honest rewrites that lose points</h2><p class=soft>Updates written in place instead of anew, or the other "
        "way round. Look whether a test demands more than the handout.</p>" + _list(items)
    )
