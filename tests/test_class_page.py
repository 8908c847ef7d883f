"""Guards the pages in a real browser: at a desk's width and a phone's, in light and dark, by mouse and by keyboard."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import Scheme, find, opened, started
from playwright.sync_api import Browser, Page
from synthetic_class import HOSTILE, entry, gradebook, made_class, result

from grader.authoring.audit_page import to_page
from grader.authoring.audited import Audit, Candidate, Graded, Survivor
from grader.authoring.journal import Outcome
from grader.authoring.mutants import Mutant
from grader.classroom.difference import difference
from grader.classroom.marks import report_of, told_apart
from grader.classroom.page import class_page
from grader.fixtures import load_current
from grader.pages.student_page import student_page
from grader.settings import load_assignment

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("class", "empty", "student", "audit")
TITLE = "Class report: Homework 1 <b>Bonus</b>: Adam & Dropout"


SQUEEZED = """[...document.querySelectorAll('th, td, li, p, h3, h4')]
    .filter(item => item.innerText.length > 12 && item.clientWidth > 0 && item.clientWidth < 60)
    .map(item => item.innerText.slice(0, 80))"""
"""Texts in a column so narrow that each word is broken."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started(find()) as running:
        yield running


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one page of each sort, made of names and texts that try to do something."""
    folder = tmp_path_factory.mktemp("pages")
    book, before = made_class(48, 22, hostile=True), made_class(48, 22, seed=1, hostile=True)
    links = {who.key: f"students/{at}.html" for at, who in enumerate(book.entries)}
    made = {
        "class": class_page(book, against=difference(before, book), links=links, test_seconds=0.02),
        "empty": class_page(gradebook(entry("lost", None, HOSTILE[0]))),
        "student": student_page(report_of(book.entries[5]), student=HOSTILE[1]),
        "audit": to_page(audit_of_a_homework()),
    }
    for name, text in made.items():
        (folder / f"{name}.html").write_text(text, "utf-8")
    return folder


def audit_of_a_homework() -> Audit:
    """An audit with something in each section."""
    homework = load_assignment(ROOT, "cmu11785_hw1_bonus")
    fixtures = load_current(homework)
    mutant = Mutant("mytorch/dropout.py", 3, 2, "operator", "a < b", "a <b> b", "")
    wrong = [
        Graded(
            Candidate("mistake", f"{HOSTILE[at % 4]} {at}", {}, hint=HOSTILE[at % 4]),
            {
                test.id: Outcome("failed", 1.0 if (at + row) % 3 == 0 else 0.0, at % 2 == 0)
                for row, test in enumerate(fixtures.tests)
            },
        )
        for at in range(40)
    ]
    return Audit(
        homework,
        fixtures,
        tuple(wrong),
        (Survivor(mutant, ""), Survivor(mutant, HOSTILE[0])),
        (f"it fails: {HOSTILE[1]}",),
        {},
        "",
        1.0,
        {},
    )


def findings(page: Page) -> list[tuple[str, str]]:
    """What axe-core finds that is serious or critical: the rule and a place."""
    return [
        (item["id"], node["html"][:200])
        for item in Axe().run(page).response["violations"]
        if item["impact"] in ("serious", "critical")
        for node in item["nodes"][:3]
    ]


def test_a_bad_page_is_noticed(browser: Browser, tmp_path: Path) -> None:
    """Or the next test couldn't fail."""
    (tmp_path / "page.html").write_text(
        '<!doctype html><html lang="en"><title>A</title><p style="width: 2000px; color: #ccc">grey</p>'
        '<img src="https://example.org/x.png"><script>undefined.x</script>',
        "utf-8",
    )
    with opened(browser, tmp_path / "page.html") as seen:
        assert seen.overflow > 0
        assert {rule for rule, _ in findings(seen.page)} == {"color-contrast", "image-alt"}
        assert len(seen.complaints) == 2
        assert "https://example.org/x.png" in seen.requests


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_its_window_and_everybody_can_use_it(
    browser: Browser, pages: Path, name: str, width: int, scheme: Scheme
) -> None:
    file = pages / f"{name}.html"
    with opened(browser, file, width, scheme) as seen:
        seen.page.evaluate("document.querySelectorAll('details').forEach(item => { item.open = true })")
        assert seen.overflow <= 0
        assert seen.page.evaluate(SQUEEZED) == []
        assert findings(seen.page) == []
        assert seen.complaints == []
        assert [url for url in seen.requests if not url.startswith("data:")] == [file.as_uri()]


@pytest.mark.parametrize("name", PAGES)
def test_light_and_dark_differ(browser: Browser, pages: Path, name: str) -> None:
    colours = set()
    for scheme in ("light", "dark"):
        with opened(browser, pages / f"{name}.html", scheme=scheme) as seen:
            colours.add(seen.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(colours) == 2


@pytest.mark.parametrize("name", PAGES)
def test_names_with_markup_do_nothing(browser: Browser, pages: Path, name: str) -> None:
    with opened(browser, pages / f"{name}.html") as seen:
        assert "owned" not in seen.page.title()
        assert seen.page.locator("img, iframe, object, embed, form, b b").count() == 0
        assert seen.page.locator("script").count() == (1 if name in ("class", "empty") else 0)
        assert seen.page.locator("[onerror], [onclick], [onload]").count() == 0
        shown = seen.page.locator("body").inner_text()
        assert any(text in shown for text in HOSTILE)
        assert "\u202e" not in seen.page.content()
        if name == "class":
            assert seen.page.title() == TITLE


def test_the_policy_stops_what_escaping_might_miss(browser: Browser, pages: Path) -> None:
    with opened(browser, pages / "class.html") as seen:
        seen.page.evaluate(
            """() => {
                document.body.insertAdjacentHTML("beforeend", '<img src="x" onerror="window.owned = 1">');
                const added = document.createElement("script");
                added.textContent = "window.owned = 2";
                document.body.append(added);
            }"""
        )
        seen.page.wait_for_timeout(100)
        assert seen.page.evaluate("window.owned") is None
        assert len(seen.complaints) >= 2
        assert all("Content Security Policy" in text for text in seen.complaints)


def column(page: Page, at: int) -> list[str]:
    """The texts of a column of the students' table, from top to bottom."""
    cells = page.locator(f"div[aria-labelledby=students] tbody tr > :nth-child({at})")
    return [text.strip() for text in cells.all_inner_texts()]


def scores(page: Page) -> list[float]:
    """The scores from top to bottom, without the empty ones at the end."""
    texts = column(page, 2)
    filled = [float(text.split()[0]) for text in texts if text]
    assert all(texts[: len(filled)]), "empty cells are last"
    return filled


@pytest.mark.parametrize("key", ["Enter", "Space", "mouse"])
def test_students_are_sorted_by_keyboard_and_mouse(browser: Browser, pages: Path, key: str) -> None:
    with opened(browser, pages / "class.html") as seen:
        head = seen.page.locator("div[aria-labelledby=students] th", has_text="Score").first
        button = head.get_by_role("button")

        def press() -> None:
            if key == "mouse":
                button.click()
            else:
                button.focus()
                seen.page.keyboard.press(key)

        before = column(seen.page, 1)
        assert head.get_attribute("aria-sort") == "none"
        press()
        assert head.get_attribute("aria-sort") == "ascending"
        assert scores(seen.page) == sorted(scores(seen.page))
        press()
        assert head.get_attribute("aria-sort") == "descending"
        assert scores(seen.page) == sorted(scores(seen.page), reverse=True)
        assert sorted(column(seen.page, 1)) == sorted(before), "no row is lost"
        assert seen.complaints == []


def test_every_table_is_reached_and_sorted_with_the_tab_key(browser: Browser, pages: Path) -> None:
    """Only Tab and Enter: each sortable table gets its first column's arrow."""
    with opened(browser, pages / "class.html") as seen:
        tables = seen.page.locator("table.sortable").count()
        assert tables == 5
        for _ in range(600):
            seen.page.keyboard.press("Tab")
            if seen.page.evaluate("document.activeElement === document.body"):
                break
            if seen.page.evaluate("document.activeElement.matches('table.sortable th:first-child button')"):
                outline = seen.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none", "the focus is seen"
                seen.page.keyboard.press("Enter")
        assert seen.page.locator("th:first-child[aria-sort=ascending]").count() == tables


def test_two_students_of_one_name_are_told_apart() -> None:
    people = [entry("bob", [result()], "Bob"), *(entry(key, [result()], "Doe, Jane") for key in ("jane1", "jane2"))]
    named = [one.students[0].name for one in told_apart(gradebook(*people, entry("kim", [result()]))).entries]
    assert named == ["Bob", "Doe, Jane (jane1)", "Doe, Jane (jane2)", ""]


def test_names_are_sorted_as_people_do(browser: Browser, tmp_path: Path) -> None:
    names = ["person 10", "Person 2", "émile", "Zoe", "Eve"]
    book = gradebook(*(entry(f"k{at}", [result()], name) for at, name in enumerate(names)))
    (tmp_path / "page.html").write_text(class_page(book), "utf-8")
    with opened(browser, tmp_path / "page.html") as seen:
        seen.page.locator("div[aria-labelledby=students] th button").first.click()
        assert column(seen.page, 1) == ["émile", "Eve", "Person 2", "person 10", "Zoe"]


def test_the_filter_shows_the_rows_that_hold_a_text(browser: Browser, pages: Path) -> None:
    with opened(browser, pages / "class.html", 390) as seen:
        rows = seen.page.locator("div[aria-labelledby=students] tbody tr:visible")
        everybody = rows.count()
        seen.page.get_by_role("searchbox").fill("PERSON 0004")
        assert rows.count() == 1
        seen.page.get_by_role("searchbox").fill("")
        assert rows.count() == everybody


@pytest.mark.parametrize("name", PAGES)
def test_a_page_works_without_script(browser: Browser, pages: Path, name: str) -> None:
    with opened(browser, pages / f"{name}.html", 390, script=False) as seen:
        assert seen.page.get_by_role("button").count() == 0
        assert seen.page.locator("table").count() > 0
        if name == "class":
            links = seen.page.locator("div[aria-labelledby=students] tbody th a")
            assert links.count() == 50
            assert links.nth(3).get_attribute("href") == "./students/3.html"


def test_the_heat_map_has_a_pixel_a_cell(browser: Browser, pages: Path) -> None:
    with opened(browser, pages / "class.html") as seen:
        picture = seen.page.locator(".heat image")
        box = picture.bounding_box()
        assert box is not None
        assert box["width"] > 200
        assert box["height"] > 200
        size = seen.page.evaluate(
            """async () => {
                const picture = new Image();
                picture.src = document.querySelector(".heat image").getAttribute("href");
                await picture.decode();
                return [picture.naturalWidth, picture.naturalHeight];
            }"""
        )
        assert size == [22, 48]
