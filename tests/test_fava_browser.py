"""Journeys through the pages in a real browser: headless Chromium, as the system has it.

`DOCS_UPDATE=1 pytest tests/test_fava_browser.py` takes the pictures of docs/fava.md anew, for a person to look at.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pypdf
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.favas import Served, copied, written
from tests.test_fava_writing import CODE, HOSTILE, NUMBER
from werkzeug.serving import make_server

expect.set_options(timeout=20_000)  # a loaded machine is slow, not wrong
PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
UPDATE = bool(os.environ.get("DOCS_UPDATE"))
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path is not None, "these tests need a Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@contextmanager
def serving(main: Path) -> Iterator[str]:
    """A ledger on a free port of this machine; gives the address of the extension."""
    served = Served(main)
    server = make_server("127.0.0.1", 0, served.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{served.base}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The example company, only read."""
    example = Path(__file__).parent.parent / "ledger" / "main.beancount"
    with serving(copied(example, tmp_path_factory.mktemp("company"))) as address:
        yield address


@contextmanager
def opened(browser: Browser, address: str, *, said: str = "", **options: Any) -> Iterator[Page]:
    """A page in a window of its own, on which nothing may go wrong but what browsers say of `said`."""
    context = browser.new_context(**{"viewport": DESK, "locale": "en-GB", "timezone_id": "Asia/Ho_Chi_Minh", **options})
    context.set_default_timeout(30_000)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
    page.goto(address)
    page.locator(".receivables[data-ready]").wait_for()
    try:
        yield page
        assert [each for each in wrong if not (said and re.search(said, each))] == []
    finally:
        context.close()


def follow(page: Page, address: str) -> None:
    """Go to another of our pages as a click does: Fava fetches it and sets its innerHTML."""
    page.evaluate("document.querySelector('.receivables').dataset.old = 'yes'")
    page.evaluate(
        """address => { const a = document.createElement("a"); a.href = address;
        document.body.append(a); a.click(); a.remove(); }""",
        address,
    )
    page.locator(".receivables[data-ready]:not([data-old])").wait_for()


def picture(page: Page, name: str, height: int | None = None) -> None:
    """Take a picture for the documentation, when asked to."""
    page.evaluate("document.fonts.ready")
    if UPDATE:
        if height is not None:
            size = page.viewport_size
            assert size is not None
            page.set_viewport_size({"width": size["width"], "height": height})
        PICTURES.mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / f"fava-{name}.png")


def test_from_the_overview_to_the_entry_behind_a_figure(browser: Browser, company: str) -> None:
    with opened(browser, company) as page:
        expect(page.get_by_role("region", name="VND", exact=True)).to_contain_text("1,634,284,160")
        picture(page, "overview", 1330)
        # Who owes most is the first of the largest.
        page.locator("#largest tbody th a").first.click()
        expect(page).to_have_title(re.compile("Công ty CP Phát triển Nhà Bình Nguyên Xanh"))
        expect(page.locator("header h1")).to_contain_text("Bình Nguyên")
        expect(page.locator(".ar-figures")).to_contain_text("588,972,160")
        page.locator(".receivables[data-ready]").wait_for()
        picture(page, "customer", 1100)
        page.locator("#open tbody a", has_text="HD-2025-0052").first.click()
        expect(page.locator("#settled-by tbody tr")).to_have_count(4)
        picture(page, "document", 1000)
        page.locator("#settled-by tbody tr").nth(3).get_by_role("link", name=re.compile("receipts")).click()
        expect(page.get_by_role("dialog")).to_contain_text("PT-2026-0036")
        page.keyboard.press("Escape")
        # Closing changes the address: going back before that is done would go too far.
        expect(page.get_by_role("dialog")).to_be_hidden()
        page.go_back()
        expect(page.locator("#settled-by")).to_be_visible()


def test_a_statement_at_a_click(browser: Browser, company: str, tmp_path: Path) -> None:
    with opened(browser, f"{company}?page=customer&customer=C-0013") as page:
        form = page.get_by_role("form", name="Statement of account")
        form.get_by_label("Style").select_option("activity")
        form.get_by_label("From").fill("2026-01-01")
        form.get_by_label("To").fill("2026-05-31")
        with page.expect_download() as waiting:
            form.get_by_role("button", name="PDF").click()
        download = waiting.value
        assert download.suggested_filename == "C-0013-2026-05-31.pdf"
        download.save_as(tmp_path / "statement.pdf")
        text = "".join(each.extract_text() for each in pypdf.PdfReader(tmp_path / "statement.pdf").pages)
        assert "PT-2026-0026" in text
        with page.expect_download() as waiting:
            page.locator("#open").get_by_role("link", name="XLSX").click()
        assert waiting.value.suggested_filename == "open-items-C-0013-2026-06-30.xlsx"
        expect(page.locator("#timeline")).to_be_visible()


def test_who_owes_most_why_it_rose_and_the_statement(browser: Browser, company: str, tmp_path: Path) -> None:
    """What somebody who never saw the pages looks for, without scrolling to it on a screen of usual height."""
    with opened(browser, f"{company}?time=2026") as page:
        card = page.get_by_role("region", name="VND", exact=True)
        first = card.locator(".ar-most li").first
        expect(first).to_contain_text("783,372,160")
        box = first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < DESK["height"], "seen at once"
        first.get_by_role("link").click()
        expect(page.locator(".ar-bridges")).to_contain_text("Open on 2025-12-31")
        expect(page.locator(".ar-bridges")).to_contain_text("955,200,000")
        expect(page.locator(".ar-bridges")).to_contain_text("+28,172,160")
        with page.expect_download() as waiting:
            page.get_by_role("button", name="PDF").click()
        assert waiting.value.suggested_filename == "C-0017-2026-12-31.pdf"


def test_a_table_that_takes_long_comes_when_the_page_stands(
    browser: Browser, company: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("receivables.fava.views.rules.MANY", 0)
    with opened(browser, f"{company}?page=rules&time=2026-04-17") as page:
        expect(page.locator("#penalties tbody tr").first).to_be_visible()
        expect(page.locator("#penalty_balances tbody tr").first).to_be_visible()
        expect(page.locator("[data-later]")).to_have_count(0)
        # What is fetched works as everything else does.
        page.locator("#penalties").get_by_role("link", name="Days", exact=True).click()
        expect(page.locator("#penalties th[aria-sort=descending]")).to_contain_text("Days")


def test_what_a_row_comes_to_is_in_sight_on_a_telephone(browser: Browser, company: str) -> None:
    with opened(browser, f"{company}?page=aging", **LOOKS["phone"]) as page:
        for place in ("thead th", "tbody td", "tfoot td"):
            box = page.locator(f"#aging {place}:last-child").first.bounding_box()
            assert box is not None
            assert box["x"] > 0
            assert box["x"] + box["width"] <= PHONE["width"], place


def test_a_timeline_needs_no_scrolling_at_a_desk(browser: Browser, company: str) -> None:
    with opened(browser, f"{company}?page=customer&customer=C-0017") as page:
        wide = page.locator("#timeline .ar-wide")
        assert wide.evaluate("of => of.scrollWidth <= of.clientWidth")


def test_adding_a_promise(browser: Browser, example: Path, tmp_path: Path) -> None:
    with (
        serving(copied(example, tmp_path)) as address,
        opened(browser, f"{address}?page=customer&customer=C-0002&time=2030", said="status of 400") as page,
    ):
        form = page.get_by_role("form", name="New note or promise")
        assert form.get_by_label("Date").input_value() >= "2026", "today, as the browser has it"
        expect(form.get_by_label("Amount")).to_be_hidden()
        form.get_by_label("Kind").select_option("promise")
        form.get_by_label("Date").fill("2026-07-01")
        form.get_by_label("Text").fill('Says "yes"\nand means it')
        form.get_by_label("Documents").select_option("HD-2025-0084")
        form.get_by_label("Amount").fill("34800000")
        # Half-written words stay when the page is loaded again.
        page.reload()
        page.locator(".receivables[data-ready]").wait_for()
        expect(form.get_by_label("Text")).to_have_value('Says "yes"\nand means it')
        form.get_by_role("button", name="Add").click()
        expect(page.locator("[data-status]")).to_contain_text("a promise needs the day")
        form.get_by_label("By").fill("2026-07-15")
        form.get_by_role("button", name="Add").click()
        expect(page.locator("[data-status]")).to_contain_text("Written: 2026/activity.beancount")
        expect(page.locator("#promises tbody tr").first).to_contain_text('Says "yes" and means it')
        expect(form.get_by_label("Text")).to_have_value("")
    text = (tmp_path / "ledger/2026/activity.beancount").read_text("utf-8")
    assert '"Says \\"yes\\" and means it" #promise ^HD-2025-0084' in text


def test_filter_back_and_reload(browser: Browser, company: str) -> None:
    with opened(browser, f"{company}?page=aging") as page:
        expect(page.locator(".ar-remarks")).to_contain_text("2026-06-30, the last transaction")
        time = page.get_by_placeholder("Time")
        time.fill("2025-12")
        time.press("Enter")
        expect(page.locator(".ar-remarks")).to_contain_text("As of 2025-12-31, the end of the time filter")
        page.get_by_label("Group by").select_option("collector")
        expect(page.locator("#aging tbody th").first).to_contain_text(re.compile("lan|minh|sophea"))
        expect(page).to_have_url(re.compile("by=collector"))
        page.locator("#aging tbody th a", has_text="minh").first.click()
        expect(page.locator(".ar-chip")).to_contain_text("collector=minh")
        page.reload()
        expect(page.locator(".ar-chip")).to_contain_text("collector=minh")
        expect(page.locator(".ar-remarks")).to_contain_text("2025-12-31")
        page.go_back()
        expect(page.locator(".ar-chip")).to_have_count(0)
        page.go_back()
        expect(page.locator("#aging tbody th").first).to_contain_text("C-0")
        page.get_by_label("Filter", exact=True).fill("currency=USD")
        page.get_by_label("Filter", exact=True).press("Enter")
        expect(page.locator("#aging tbody tr td:nth-child(2)").first).to_have_text("USD")
        page.locator("article").get_by_role("link", name="Overview").click()
        expect(page.locator(".ar-remarks")).to_contain_text("2025-12-31")


def test_tables_by_keyboard_and_for_the_clipboard(browser: Browser, company: str) -> None:
    with opened(browser, f"{company}?page=items", permissions=["clipboard-read", "clipboard-write"]) as page:
        table = page.locator("#items")
        table.get_by_role("columnheader", name="Due", exact=True).get_by_role("link").focus()
        page.keyboard.press("Enter")
        expect(table.get_by_role("columnheader", name="Due", exact=True)).to_have_attribute("aria-sort", "ascending")
        dues = [text for text in table.locator("tbody td:nth-child(6)").all_inner_texts() if text]
        assert dues == sorted(dues)
        assert table.get_by_role("table", name="Open items").count() == 1
        page.locator(".receivables[data-ready]").wait_for()
        table.get_by_role("button", name="Copy").click()
        expect(table.get_by_role("button", name="Copied")).to_be_visible()
        lines = page.evaluate("navigator.clipboard.readText()").splitlines()
        assert lines[0].split("\t")[:3] == ["Customer", "Number", "Inst."]
        assert len(lines) == table.locator("tr").count()


def test_what_a_rule_would_book_is_seen_before_it_is_booked(browser: Browser, example: Path, tmp_path: Path) -> None:
    with serving(copied(example, tmp_path)) as address, opened(browser, f"{address}?page=rules") as page:
        form = page.get_by_role("form", name="Entries to book")
        expect(form.get_by_role("button", name="Append")).to_be_hidden()
        form.get_by_role("button", name="Show").press("Enter")
        expect(form.locator("pre")).to_contain_text("+2026-06-30 *")
        picture(page, "rules", 900)
        expect(form.get_by_role("button", name="Append")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("[data-status]")).to_contain_text("Written: 2026/debit-notes.beancount")
        form.get_by_role("button", name="Show").click()
        expect(page.locator("[data-status]")).to_contain_text("Nothing to book")


def test_a_hostile_ledger_runs_nothing(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "<img src=x onerror=alert(1)>.txt").touch()
    with serving(written(tmp_path, HOSTILE)) as address, opened(browser, address) as page:
        for look in (
            {"page": "aging"}, {"page": "aging", "by": "entity"}, {"page": "customer", "customer": CODE},
            {"page": "document", "customer": CODE, "number": NUMBER}, {"page": "rules", "rule": "limitation"}, {},
        ):  # fmt: skip
            # Both ways: as a click does, and as a whole.
            follow(page, f"{address}?{urlencode(look)}")
            assert page.evaluate("window.hit") is None
            page.reload()
            page.locator(".receivables[data-ready]").wait_for()
            assert page.evaluate("window.hit") is None
            assert page.locator(".receivables img").count() == 0
        assert page.locator("script:not([src]):not([type='application/json'])").count() == 0


def test_another_site_in_the_browser_writes_nothing(browser: Browser, example: Path, tmp_path: Path) -> None:
    main = copied(example, tmp_path)
    before = (main.parent / "2026/activity.beancount").read_bytes()
    attack = """async ([address, type, method]) => {
        try {
            const answer = await fetch(`${address}note`, { method, mode: type === "text/plain" ? "no-cors" : "cors",
                headers: { "Content-Type": type },
                body: JSON.stringify({ customer: "C-0017", kind: "note", date: "2026-07-01", text: "evil" }) });
            return answer.type;
        } catch (error) { return "refused"; }
    }"""
    with serving(main) as address, opened(browser, evil_of(address), said="fetch|CORS|Failed to load|404") as page:
        for type_, method in (("application/json", "PUT"), ("text/plain", "POST"), ("application/json", "POST")):
            page.evaluate(attack, [address, type_, method])
        assert (main.parent / "2026/activity.beancount").read_bytes() == before


def evil_of(address: str) -> str:
    """The same server under another name: for a browser, another site."""
    return address.replace("127.0.0.1", "localhost")


LOOKS = {
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": PHONE, "has_touch": True, "is_mobile": True},
}


@pytest.mark.parametrize("look", LOOKS)
def test_pages_fit_every_screen(browser: Browser, company: str, look: str) -> None:
    with opened(browser, company, **LOOKS[look]) as page:
        picture(page, look, 1000 if look == "dark" else None)
        for query in (
            "?page=aging", "?page=customer&customer=C-0013", "?page=document&customer=C-0017&number=HD-2025-0052", "",
        ):  # fmt: skip
            follow(page, f"{company}{query}")
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "nothing sticks out"
            colours = page.evaluate(
                """() => { const of = getComputedStyle(document.querySelector(".receivables"));
                return [of.color, getComputedStyle(document.body).backgroundColor]; }"""
            )
            light = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in colours]
            assert (light[0] > light[1]) == (look == "dark"), colours


CONTRAST = """() => {
  const parts = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
    return colour.startsWith("color(srgb") ? [r * 255, g * 255, b * 255, a] : [r, g, b, a];
  };
  const light = (colour) => {
    const linear = (part) => (part <= .03928 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
    const [r, g, b] = colour.map((part) => linear(part / 255));
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const faint = [];
  for (const of of document.querySelectorAll(".receivables *")) {
    const said = [...of.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!said || of.closest(".ar-hidden") || of.getBoundingClientRect().width < 2) { continue; }
    let shown = 1;
    let below = null;
    for (let at = of; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      shown *= Number(style.opacity);
      const colour = parts(style.backgroundColor);
      if (!below && colour[3] > .9) { below = colour.slice(0, 3); }
    }
    const text = parts(getComputedStyle(of).color);
    const weight = text[3] * shown;
    const mixed = text.slice(0, 3).map((part, place) => part * weight + below[place] * (1 - weight));
    const [low, high] = [light(mixed), light(below)].sort((a, b) => a - b);
    const ratio = (high + .05) / (low + .05);
    if (ratio < 4.5 && of.tagName !== "BUTTON") {
      faint.push(`${ratio.toFixed(2)} ${of.textContent.trim().slice(0, 30)}`);
    }
  }
  return faint;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_words_can_be_read(browser: Browser, company: str, scheme: str) -> None:
    """A contrast of 4.5 to 1, as WCAG 2.2 asks for at level AA (1.4.3); buttons have Fava's own colours."""
    with opened(browser, company, color_scheme=scheme) as page:
        for query in ("", "?page=aging", "?page=customer&customer=C-0017", "?page=rules"):
            follow(page, f"{company}{query}")
            page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
            assert page.evaluate(CONTRAST) == []


def test_right_to_left(browser: Browser, example: Path, tmp_path: Path) -> None:
    main = copied(example, tmp_path, '2025-01-01 custom "fava-option" "locale" "ar"\n')
    with serving(main) as address, opened(browser, f"{address}?page=customer&customer=C-0013") as page:
        first, last = (page.locator("#timeline thead th").nth(place).bounding_box() for place in (0, 8))
        assert first is not None
        assert last is not None
        assert first["x"] > last["x"], "the first column is on the right"
        figure = page.locator("#open tbody td.num").nth(1)
        assert figure.evaluate("of => getComputedStyle(of).textAlign") == "right", "units stand under units"
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        picture(page, "arabic")


def test_on_paper_there_is_nothing_to_click(browser: Browser, company: str) -> None:
    with opened(browser, f"{company}?page=customer&customer=C-0017") as page:
        page.emulate_media(media="print")
        for hidden in (".ar-form", ".ar-tools", ".ar-trail"):
            assert not page.locator(hidden).first.is_visible()
        assert page.locator("#timeline").is_visible()
        assert page.pdf(format="A4").startswith(b"%PDF")
