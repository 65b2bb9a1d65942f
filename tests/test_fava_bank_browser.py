"""Journeys through the bank lines in a real browser: with the keyboard alone, with the mouse, with a finger.

`DOCS_UPDATE=1 pytest tests/test_fava_bank_browser.py` takes the picture of docs/fava.md anew, for a person to look at.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from pypdf import PdfReader
from tests.bank_lines import BOOKS
from tests.favas import copied, written
from tests.test_fava_bank import EVIL, JUNE, MAY, STATEMENTS, Person, desk
from tests.test_fava_bank import INVOICES as OPEN
from tests.test_fava_browser import LOOKS, browser, opened, picture, serving

from receivables.loading import load_book
from receivables_importers.application.waiting import waiting

__all__ = ["browser"]


def choose(page: Page, address: str) -> None:
    """Take all statements of the folder."""
    page.goto(f"{address}?page=bank")
    page.locator(".receivables[data-ready]").wait_for()
    for box in page.locator("input[name=files]").all():
        box.check()
    page.get_by_role("form", name="Bank statements").get_by_role("button").last.click()
    page.locator(".ar-deciding[data-state]").wait_for()
    page.locator(".receivables[data-ready]").wait_for()


def line(page: Page, number: int, count: int = 5) -> None:
    """Wait until a line has its turn."""
    expect(page.locator(".ar-progress")).to_have_text(f"Line {number} of {count}")


def receipts(main: Path) -> dict[str, list[str]]:
    """What was booked of bank lines: who paid → amounts on the customers' accounts with what they settle."""
    found: dict[str, list[str]] = {}
    for entry in load_book(main).entries:
        if "bank-id" in (entry.meta or {}):
            for posting in entry.postings:
                if ":Receivable:" in posting.account:
                    settles = posting.meta.get("settles", "")
                    found.setdefault(entry.meta["bank-counterparty"], []).append(f"{posting.units} {settles}".strip())
    return found


def change(page: Page) -> None:
    """The second line, with what is too much first."""
    # The text of the next one names an invoice, less what banks kept: it is changed to a part of it.
    expect(page.locator(".ar-paid")).to_contain_text("RIMAL ALSHATI")
    page.keyboard.press("e")
    field = page.get_by_label("Documents, with amounts")
    expect(field).to_be_focused()
    expect(field).to_have_value("HD-2026-0006 16200.00")
    expect(page.get_by_label("Why less was paid")).to_have_value("bank charge")
    field.fill("HD-2026-0006 99999")
    page.keyboard.press("Enter")
    expect(page.locator(".ar-deciding [data-status]")).to_contain_text("HD-2026-0006 has 16,200.00 USD open")
    line(page, 2)
    field.fill("HD-2026-0006 16175.00")
    page.keyboard.press("Enter")
    line(page, 3)
    expect(page.locator(".ar-made summary")).to_contain_text("Decided by you: 2")


def look_for(page: Page) -> None:
    """The lines after it: one decided and taken back, two left, the payer of the last searched for."""
    # A key too many, and back.
    page.keyboard.press("1")
    line(page, 4)
    page.keyboard.press("u")
    line(page, 3)
    page.keyboard.press("Enter")
    line(page, 4)
    page.keyboard.press("Enter")
    line(page, 5)
    # Somebody nobody knows pays for a customer: he is searched for.
    expect(page.locator(".ar-paid")).to_contain_text("NGUYEN VAN BAY")
    page.keyboard.press("s")
    page.keyboard.type("binh nguyen")
    page.keyboard.press("Enter")
    expect(page.locator(".ar-candidates")).to_contain_text("Bình Nguyên Xanh")
    # What was chosen stays when Fava loads the page again.
    page.reload()
    page.locator(".receivables[data-ready]").wait_for()
    line(page, 5)
    expect(page.locator(".ar-made summary")).to_contain_text("Decided by you: 2 · left: 2")
    page.get_by_role("group", name="Decide").focus()
    page.keyboard.press("s")
    page.keyboard.type("binh nguyen")
    page.keyboard.press("Enter")
    page.locator(".ar-candidates", has_text="Bình Nguyên Xanh").wait_for()
    page.keyboard.press("1")
    expect(page.locator(".ar-progress")).to_have_text("All lines are seen.")


def book(page: Page, main: Path) -> None:
    """What was decided, without what evidence decides, seen and booked."""
    form = page.get_by_role("form", name="Entries to book")
    form.get_by_label("with what is decided by evidence").uncheck()
    form.get_by_role("button", name="Show").press("Enter")
    expect(form.locator("pre")).to_contain_text("+2026-07-03 *")
    expect(page.locator("[data-status]").first).to_contain_text("Entries to book")
    assert receipts(main) == {}, "nothing is written before it was seen"
    expect(form.get_by_role("button", name="Append")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-status]").first).to_contain_text("Written: 2026/receipts.beancount")
    expect(page.locator(".ar-figures")).to_contain_text(re.compile(r"Booked already\s*3"))


def test_lines_are_decided_with_the_keyboard(browser: Browser, example: Path, tmp_path: Path) -> None:
    main = copied(example, tmp_path)
    with serving(main) as address, opened(browser, address, said="status of 400") as page:
        choose(page, address)
        expect(page.locator(".ar-figures")).to_contain_text("For a person")
        expect(page.get_by_role("group", name="Decide")).to_be_focused()
        line(page, 1)
        picture(page, "bank", 1000)
        page.keyboard.press("1")
        line(page, 2)
        change(page)
        look_for(page)
        book(page, main)
        line(page, 1, 2)
    assert receipts(main) == {
        "BQT CHUNG CU VUON TRANG": ["-64800000 VND HD-2026-0018"],
        "RIMAL ALSHATI TRADING LLC": ["-16175.00 USD HD-2026-0006"],
        "NGUYEN VAN BAY": ["-100000000 VND HD-2025-0052/2"],
    }
    assert load_book(main).errors == []


def test_a_file_of_ones_own_and_a_choice_with_the_mouse(browser: Browser, tmp_path: Path) -> None:
    main = written(tmp_path, BOOKS + OPEN)
    with serving(main) as address, opened(browser, f"{address}?page=bank", said="status of 400") as page:
        files = [{"name": f"{name}.sta", "mimeType": "text/plain", "buffer": text.encode()}
                 for name, text in (("may", MAY), ("june", JUNE))]  # fmt: skip
        page.locator("input[type=file]").set_input_files(files)
        page.get_by_role("button", name="Show the proposals").click()
        page.locator(".ar-deciding[data-state]").wait_for()
        page.locator(".receivables[data-ready]").wait_for()
        expect(page.locator(".ar-files")).to_contain_text("june.sta MT940, lines: 5")
        expect(page.locator("#proposals tbody tr")).to_have_count(10)
        page.get_by_role("button", name="Take 1: Old Mill Textiles Ltd").click()
        expect(page.locator(".ar-made summary")).to_contain_text("Decided by you: 1")
        page.get_by_role("button", name="On account").first.click()
        expect(page.locator(".ar-made summary")).to_contain_text("Decided by you: 2")
        page.get_by_role("button", name="Undo").click()
        expect(page.locator(".ar-made summary")).to_contain_text("Decided by you: 1")
        # Sorting the table loads the page again; what was decided stays.
        page.locator("#proposals").get_by_role("link", name="Amount").click()
        page.locator("#proposals th[aria-sort=descending]").wait_for()
        expect(page.locator(".ar-made summary")).to_contain_text("Decided by you: 1")


def test_lines_on_the_suspense_account_are_decided_with_the_keyboard(browser: Browser, tmp_path: Path) -> None:
    """Weeks later somebody knows who paid: no statement is at hand, and none is needed."""
    served = desk(tmp_path)
    Person(served).book(suspense="on", evident="on")
    (tmp_path / "statements" / "may.sta").unlink()
    with serving(served.main) as address, opened(browser, f"{address}?page=bank") as page:
        box = page.get_by_label("Lines that wait on the suspense account (3)")
        box.focus()
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        page.locator(".ar-deciding[data-state]").wait_for()
        page.locator(".receivables[data-ready]").wait_for()
        line(page, 1, 3)
        expect(page.get_by_label("Lines that wait on the suspense account (3)")).to_be_checked()
        page.keyboard.press("1")
        line(page, 2, 3)
        page.locator(".ar-where a").click()
        expect(page.locator("dialog, .overlay").first).to_contain_text("UnidentifiedReceipts")
        page.keyboard.press("Escape")
        page.get_by_role("group", name="Decide").focus()
        page.keyboard.press("Enter")
        line(page, 3, 3)
        page.keyboard.press("Enter")
        form = page.get_by_role("form", name="Entries to book")
        expect(form.get_by_label("what still waits goes to the suspense account")).to_have_count(0)
        form.get_by_role("button", name="Show").press("Enter")
        expect(form.locator("pre")).to_contain_text("clears:")
        expect(form.get_by_role("button", name="Append")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("[data-status]").first).to_contain_text("Written: main.beancount")
        expect(page.get_by_label("Lines that wait on the suspense account (2)")).to_be_checked()
        line(page, 1, 2)
    loaded = load_book(served.main)
    assert loaded.errors == []
    assert [str(each.line.amount) for each in waiting(loaded.book, loaded.entries)] == ["370.00", "390.00"]


def held(page: Page, address: str) -> list[Route]:
    """What is asked of an address waits, as if the ledger were large, until it is let go."""
    asked: list[Route] = []

    def hold(route: Route) -> None:
        asked.append(route)

    page.route(address, hold)
    return asked


def test_impatience_decides_and_books_once(browser: Browser, tmp_path: Path) -> None:
    """Double clicks and keys that are held down: one line is decided, and nothing is booked that was not seen."""
    main = desk(tmp_path).main
    asked: list[str] = []
    with serving(main) as address, opened(browser, address) as page:
        page.on("request", lambda request: asked.append(request.url) if request.method == "PUT" else None)
        choose(page, address)
        page.get_by_role("button", name="Take 1: Old Mill").dblclick()
        line(page, 2, 3)
        expect(page.locator(".ar-made summary")).to_have_text("Decided by you: 1")
        page.get_by_role("group", name="Decide").focus()
        page.keyboard.down("Enter")
        for _ in range(10):
            page.keyboard.down("Enter")
            page.wait_for_timeout(30)
        page.keyboard.up("Enter")
        line(page, 3, 3)
        asked.clear()
        # The key is held down over the whole of showing: nothing is agreed to.
        form = page.get_by_role("form", name="Entries to book")
        form.get_by_role("button", name="Show").focus()
        page.keyboard.down("Enter")
        form.locator("pre:visible").wait_for()
        for _ in range(5):
            page.keyboard.down("Enter")
        page.keyboard.up("Enter")
        page.wait_for_timeout(200)
        assert len(asked) == 1
        assert receipts(main) == {}
        # A double click on what shows, at a place where what books appears: it is not meant.
        form.get_by_role("button", name="Append").dispatch_event("click", {"detail": 2})
        page.wait_for_timeout(200)
        assert len(asked) == 1
        # While it is being booked, the page says so and takes nothing else.
        waits = held(page, "**/receipts**")
        form.get_by_role("button", name="Append").dblclick()
        expect(form).to_have_attribute("aria-busy", "true")
        expect(form.get_by_role("status")).to_have_text(re.compile("Being worked on"))
        expect(form.get_by_role("button", name="Append")).to_be_disabled()
        expect(page.locator(".ar-deciding")).to_have_attribute("inert", "")
        waits[0].continue_()
        expect(page.locator("[data-status]").first).to_contain_text("Written: main.beancount")
        assert len(asked) == 2
    assert len(receipts(main)["OLD MILL TEXTILES LTD"]) == 2


def test_a_slow_step_says_so_and_each_line_is_spoken(browser: Browser, tmp_path: Path) -> None:
    main = desk(tmp_path).main
    with serving(main) as address, opened(browser, address) as page:
        choose(page, address)
        spoken = page.locator(".ar-deciding [data-said]")
        assert spoken.get_attribute("role") == "status"
        page.keyboard.press("Enter")
        expect(spoken).to_contain_text("Line 2 of 3. 2026-05-05 370.00 USD BLUE REEF. SOMETHING")
        expect(spoken).to_contain_text("Take 1: Blue Reef Hotels LLC")
        expect(page.get_by_role("group", name="Decide")).to_be_focused()
        page.keyboard.press("u")
        expect(spoken).to_contain_text("Line 1 of 3")
        waits = held(page, "**/bank**")
        page.keyboard.press("Enter")
        expect(page.locator(".ar-working")).to_be_visible()
        waits[0].continue_()
        line(page, 2, 3)
        expect(page.locator(".ar-working")).not_to_be_visible()


def test_a_diff_of_what_was_chosen_before_is_not_shown(browser: Browser, tmp_path: Path) -> None:
    """Who goes on deciding while the diff is made is shown no diff of less."""
    main = desk(tmp_path).main
    with serving(main) as address, opened(browser, address) as page:
        choose(page, address)
        form = page.get_by_role("form", name="Entries to book")
        waits = held(page, "**/receipts**")
        form.get_by_role("button", name="Show").click()
        expect(form).to_have_attribute("aria-busy", "true")
        form.get_by_label("with what is decided by evidence").uncheck()
        waits[0].continue_()
        expect(form).not_to_have_attribute("aria-busy", "true")
        expect(form.locator("pre")).to_be_hidden()
        expect(form.get_by_role("button", name="Append")).to_be_hidden()


def test_a_ledger_that_changes_is_told_and_nothing_is_written(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "statements").mkdir()
    (tmp_path / "statements" / "may.sta").write_text(MAY)
    main = written(tmp_path, STATEMENTS + BOOKS + OPEN)
    with serving(main) as address, opened(browser, address, said="status of 412") as page:
        choose(page, address)
        page.keyboard.press("1")
        line(page, 2, 3)
        with main.open("a") as file:
            file.write(
                '\n2026-05-02 * "Old Mill" "Cash" ^RC-1\n  Assets:Bank:Savings  250.00 USD\n'
                '  Assets:Receivable:OldMill  -250.00 USD\n    settles: "INV-2026-0114"\n'
            )
        page.keyboard.press("Enter")
        expect(page.locator("[data-status]").first).to_contain_text("has changed since")
        line(page, 1, 2)
        expect(page.locator(".ar-made")).to_have_count(0)
        # And when the page is loaded after the change.
        page.keyboard.press("1")
        line(page, 2, 2)
        with main.open("a") as file:
            file.write('\n2026-05-03 custom "receivables-customer" "BlueReef"\n  alias: "A STRANGER"\n')
        page.reload()
        expect(page.locator("[data-status]").first).to_contain_text("has changed since")
    assert receipts(main) == {}


def test_a_hostile_statement_runs_nothing(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "statements").mkdir()
    statement = MAY.replace("BLUE REEF", EVIL).replace("REPAIRS", EVIL).replace("A STRANGER", EVIL)
    (tmp_path / "statements" / "<img src=x onerror=window.hit=1>.sta").write_text(statement)
    main = written(tmp_path, STATEMENTS + BOOKS + OPEN)
    with serving(main) as address, opened(browser, address) as page:
        choose(page, address)
        for key, number in (("Enter", 2), ("Enter", 3)):
            page.keyboard.press(key)
            line(page, number, 3)
            assert page.evaluate("window.hit") is None
        page.keyboard.press("s")
        page.keyboard.type(EVIL)
        page.keyboard.press("Enter")
        expect(page.locator(".ar-line")).to_contain_text("Customers like “<img")
        page.get_by_role("button", name="Show what would be booked").click()
        expect(page.locator("pre")).to_contain_text("#receipt")
        assert page.evaluate("window.hit") is None
        assert page.locator(".receivables img").count() == 0


def test_all_columns_are_on_paper(browser: Browser, example: Path, tmp_path: Path) -> None:
    """A4, upright: what cannot be scrolled must fit."""
    with serving(copied(example, tmp_path)) as address, opened(browser, address) as page:
        choose(page, address)
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 794 - 76, "height": 1123})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.set_viewport_size({"width": 1280, "height": 900})
        text = PdfReader(io.BytesIO(page.pdf(format="A4"))).pages[0].extract_text()
        for word in ("Date", "Waits for", "Evidence", "Place"):
            assert word in text


def test_nothing_turns_a_diff_round(browser: Browser, tmp_path: Path) -> None:
    """A mark that turns the direction would show another amount than the one that is booked."""
    (tmp_path / "statements").mkdir()
    (tmp_path / "statements" / "may.sta").write_text(MAY)
    books = BOOKS.replace("Old Mill Textiles Ltd", "Old Mill Textiles Ltd\u202e")
    with serving(written(tmp_path, STATEMENTS + books + OPEN)) as address, opened(browser, address) as page:
        choose(page, address)
        page.keyboard.press("1")
        line(page, 2, 3)
        page.get_by_role("button", name="Show what would be booked").click()
        expect(page.locator("pre")).to_contain_text("Old Mill Textiles Ltd\\u202e")
        assert "\u202e" not in page.locator("pre").inner_text()


@pytest.mark.parametrize("look", [*LOOKS, "arabic"])
def test_the_page_fits_every_screen(browser: Browser, example: Path, tmp_path: Path, look: str) -> None:
    main = copied(example, tmp_path, '2025-01-01 custom "fava-option" "locale" "ar"\n' if look == "arabic" else "")
    with serving(main) as address, opened(browser, f"{address}?page=bank", **LOOKS.get(look, LOOKS["phone"])) as page:
        for box in page.locator("input[name=files]").all():
            box.check()
        page.locator(".ar-statements button[type=submit]").click()
        page.locator(".ar-deciding[data-state]").wait_for()
        page.locator(".receivables[data-ready]").wait_for()
        for wanted in ("[data-key='e']", "[data-back]", "[data-key='1']", "[data-key='enter']"):
            page.locator(f".ar-line {wanted}").first.click()
            page.locator(".ar-deciding:not([aria-busy])").wait_for()
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "nothing sticks out"
        expect(page.locator(".ar-made")).to_have_count(1)
        if look == "arabic":
            mark = page.locator(".ar-deciding").evaluate("each => getComputedStyle(each).borderRightWidth")
            assert mark == "4px", "the page begins on the right"


def test_in_a_frame_of_somebody_else_nothing_can_be_decided(browser: Browser, example: Path, tmp_path: Path) -> None:
    with serving(copied(example, tmp_path)) as address, opened(browser, address, said="X-Frame|frame") as page:
        choose(page, address)
        url = page.url
        page.evaluate(
            "url => { const f = document.createElement('iframe'); f.src = url; f.width = 900; f.height = 900;"
            " document.querySelector('.receivables').append(f); }",
            url,
        )
        inside = page.frame_locator("iframe")
        inside.locator("#proposals tbody tr").first.wait_for()
        inside.locator(".receivables[data-ready]").wait_for()
        assert inside.locator("[data-put], [data-own]").count() == 0
