"""The audit page in a real browser: from a cell to its card, by mouse and by keyboard, on a desk, a phone and paper."""

from __future__ import annotations

import io
import re
import shutil

import matplotlib.image
import pytest

from solvent import Regime, load_venue
from solvent.report.events import footer
from solvent.report.frontier import frontiers
from solvent.report.html import page
from solvent.report.html.numbers import MINUS

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
DESK = {"width": 1360, "height": 900}
PHONE = {"width": 360, "height": 760}
BLUE = (0x00, 0x72, 0xB2)
"""The colour of the bars of amounts above zero."""

BETA = "hyperliquid-beta"
BELIEF = "a_full_hedge_is_never_liquidated_by_a_move_of_its_coin"
HOLDS = "a_bankrupt_account_is_liquidatable"
BROKEN = "no_user_action_turns_its_account_liquidatable"
OPEN = "the_ratio_falls_as_equity_rises"


def theorem(name, family="coverage", *, false=False, sentence="An account keeps what it has."):
    return {
        "event": "theorem", "name": name, "family": family, "sentence": sentence, "explanation": "D <= (1 - c) * V.",
        "why": "Somebody lost money.", "assumptions": ["there is collateral"], "regimes": ["portfolio"], "over": "",
        "general": True, "strength": "for all sizes", "false": false,
        "repair": "count collateral once" if false else "", "file": "proofs/some.py", "line": 12,
    }  # fmt: skip


MODEL = {"equity": "-0.625", "collateral": "1", "move": "1/3"}
NEED = {"meaning": "amounts are not negative", "side": False, "needed": True, "model": {"equity": "-1"}}


def result(name, verdict, standing="as stated", *, venue=BETA, regime="portfolio", token="", **about):
    refuted = MODEL if verdict == "refuted" else None
    return {
        "event": "result", "theorem": name, "venue": venue, "regime": regime, "token": token, "verdict": verdict,
        "standing": standing, "part": "", "parts": 1, "witness": refuted or {"equity": "0"}, "countermodel": refuted,
        "confirmed": True, "needs": [], "failed_sides": [], "rules": ["PM-RATIO", "PM-THRESHOLD"],
        "reads": ["parameters.margin_ratio_trigger"],
        "solver": "z3 5.4.1", "opinions": [], "trouble": "", "milliseconds": 7,
    } | about  # fmt: skip


def stream(*told, venue=BETA, file=None, second=None):
    """A whole stream of what is told between its header and its footer."""
    results = [event for event in told if event["event"] == "result"]
    theorems = sum(event["event"] == "theorem" for event in told)
    header = {
        "event": "header", "version": "0.1.0", "solver": "z3 5.4.1", "second": second, "needs": True,
        "venues": [{"name": venue, "title": "A venue", "file": file}], "regimes": [str(regime) for regime in Regime],
    }  # fmt: skip
    return [header, *told, footer(results, theorems, second=second is not None)]


EVERY = (
    theorem(HOLDS),
    result(HOLDS, "conditional", venue="", regime="", needs=[NEED]),
    *(result(HOLDS, "proved", regime=str(regime)) for regime in Regime),
    theorem(BELIEF, false=True),
    result(BELIEF, "refuted", token="HYPE"),
    result(BELIEF, "proved", "better than stated", token="UBTC"),
    theorem(BROKEN, "user actions"),
    result(BROKEN, "refuted", "finding", regime="cross", failed_sides=["the trigger lies below one"]),
    result(BROKEN, "vacuous", "open", regime="unified", witness=None),
    theorem(OPEN, "ratio"),
    result(OPEN, "unknown", "open", witness=None, trouble="no time was left"),
)
"""A cell of every verdict and standing."""
FIGURE = {"event": "figure", "figure": "largest fall", "venue": BETA, "token": "HYPE", "value": "0.21625"}


@pytest.fixture(scope="module")
def browser():
    driver = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip(f"there is no browser: none of {', '.join(PROGRAMS)}")
    with driver.sync_playwright() as tools:
        started = tools.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def text():
    return page(stream(*EVERY, FIGURE, *frontiers([load_venue(BETA)])))


@pytest.fixture(scope="module")
def file(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("page") / "audit.html"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def shown(browser, file):
    """Opens the page in a window; whatever it complains of or asks the network for fails the test."""
    said, windows = [], []

    def open_in(size, **options):
        window = browser.new_context(viewport=size, **options)
        windows.append(window)
        tab = window.new_page()
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on(
            "request",
            lambda asked: said.append(asked.url) if asked.url.split(":")[0] not in ("file", "data") else None,
        )
        tab.goto(file.as_uri())
        return tab

    yield open_in
    for window in windows:
        window.close()
    assert said == []


def row(tab, name):
    words = name.replace("_", " ").capitalize()
    return tab.locator(".matrix tr", has=tab.get_by_role("rowheader", name=words))


def card(tab):
    return tab.locator("dialog .card")


# What it shows


def test_a_click_on_a_cell_opens_its_card_with_numbers_of_units_and_bars(shown):
    tab = shown(DESK)

    row(tab, BELIEF).get_by_role("link", name="refuted (HYPE), proved (UBTC)").click()

    told = card(tab).inner_text()
    assert "A full hedge is never liquidated by a move of its coin" in told
    assert "Somebody lost money." in told
    assert "count collateral once" in told
    assert re.search(r"What is assumed, and holds of these numbers\s+there is collateral", told)
    assert "proofs/some.py:12" in told
    assert "The exact model, run on them without the solver, says the same." in told
    assert re.search(rf"equity\s+{MINUS}0\.625\s+USD", told)
    assert re.search(r"move\s+1/3 ≈ 0\.3333", told)
    assert card(tab).locator(".bar").count() == 2


def test_the_screenshot_of_a_card_shows_the_bars_of_its_numbers(shown):
    tab = shown(DESK)
    row(tab, BELIEF).locator("td.refuted a").click()

    picture = matplotlib.image.imread(io.BytesIO(tab.screenshot()))
    pixels = (picture[..., :3] * 255).round().astype(int)

    assert (abs(pixels - BLUE).sum(axis=2) == 0).sum() > 200


def test_the_outcome_of_the_cell_is_marked_among_those_of_its_card(shown):
    tab = shown(DESK)

    row(tab, HOLDS).locator("td.proved a").first.click()

    assert card(tab).locator(".outcome").count() == 2
    assert card(tab).locator(".outcome.here h4").inner_text().endswith("Proved")


def test_what_should_hold_and_does_not_looks_unlike_what_is_stated_to_be_false(shown):
    tab = shown(DESK)

    cells = [row(tab, BROKEN).locator("td.finding a"), row(tab, BELIEF).locator("td.refuted a")]
    colours = [cell.evaluate("cell => getComputedStyle(cell).backgroundColor") for cell in cells]

    assert len({cell.inner_text() for cell in cells}) == 2
    assert len(set(colours)) == 2


def test_a_finding_shows_the_conditions_that_the_venue_does_not_meet(shown):
    tab = shown(DESK)

    row(tab, BROKEN).locator("td.finding a").click()

    assert "Refuted, and should hold" in card(tab).inner_text()
    assert "the trigger lies below one" in card(tab).inner_text()


def test_rules_of_a_card_lead_to_the_ledger(shown):
    tab = shown(DESK)
    row(tab, BELIEF).locator("td.refuted a").click()

    card(tab).get_by_role("link", name="PM-RATIO").click()
    tab.wait_for_url("**#rule-PM-RATIO")

    assert not tab.locator("dialog").is_visible()
    assert tab.locator("#rule-PM-RATIO").is_visible()


def test_the_ledger_leads_back_to_the_cards(shown):
    tab = shown(DESK)

    tab.locator("#rule-PM-THRESHOLD summary").click()
    tab.locator("#rule-PM-THRESHOLD").get_by_role("link", name="A bankrupt account").click()

    assert "A bankrupt account is liquidatable" in card(tab).inner_text()


def test_search_and_filter_leave_the_rows_that_are_asked_for(shown):
    tab = shown(DESK)

    tab.get_by_label("Show").select_option("finding")

    assert row(tab, BROKEN).is_visible()
    assert not row(tab, HOLDS).is_visible()
    assert tab.get_by_role("status").inner_text() == "1 of 4 theorems"


def test_a_link_to_a_card_opens_it(shown):
    tab = shown(DESK)
    target = row(tab, BELIEF).locator("td.refuted a").get_attribute("href")

    tab.goto(tab.url + target)
    tab.reload()

    assert "full hedge" in card(tab).inner_text()


# By keyboard


def test_the_matrix_is_walked_by_arrows_and_its_cards_opened_and_closed_by_keys(shown):
    tab = shown(DESK)
    first = row(tab, HOLDS).locator("td a").first
    first.focus()

    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("End")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    opened = card(tab).locator("h3").inner_text()
    tab.keyboard.press("Escape")

    assert opened == "A full hedge is never liquidated by a move of its coin"
    assert not tab.locator("dialog").is_visible()
    assert row(tab, BELIEF).locator("td.refuted a").evaluate("cell => cell === document.activeElement")


def test_the_matrix_is_one_stop_of_the_tab_key(shown):
    tab = shown(DESK)

    assert tab.locator('.matrix td a[tabindex="0"]').count() == 1
    assert tab.locator('.matrix td a:not([tabindex="-1"])').count() == 1


def test_the_cell_with_the_focus_has_a_ring(shown):
    tab = shown(DESK)
    tab.locator("#show").focus()

    for _ in range(3):
        tab.keyboard.press("Tab")
    tab.keyboard.press("ArrowRight")

    outline = tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert tab.evaluate("document.activeElement.closest('td') !== null")
    assert outline == "solid"


# Wherever it is read


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_page_is_never_wider_than_the_window(shown, size):
    tab = shown(size)

    closed = tab.evaluate("document.documentElement.scrollWidth")
    row(tab, BELIEF).locator("td.refuted a").click()
    opened = tab.locator("dialog").evaluate("drawer => [drawer.scrollWidth, drawer.clientWidth]")

    assert closed <= size["width"]
    assert opened[0] <= opened[1] <= size["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(shown, scheme):
    tab = shown(DESK, color_scheme=scheme)

    contrasts = tab.evaluate(CONTRASTS)

    assert len(contrasts) > 8
    assert min(contrasts.values()) >= 4.5, contrasts


CONTRASTS = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => numbers(colour).slice(0, 3)
    .map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (numbers(colour)[3] !== 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const found = {};
  for (const node of document.querySelectorAll(".matrix td a, .matrix th, .tag, .verdict, .legend, .none, summary, dt, a, small")) {
    const [one, other] = [light(getComputedStyle(node).color), light(behind(node))].sort();
    const name = node.tagName + "." + (node.parentElement.className || node.className);
    found[name] = Math.min(found[name] ?? 99, (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05));
  }
  return found;
}"""


def test_without_scripts_a_cell_leads_to_its_open_card(shown):
    tab = shown(DESK, java_script_enabled=False)

    row(tab, BELIEF).locator("td.refuted a").click()

    assert tab.locator(".outcome:target").is_visible()
    assert "says the same" in tab.locator(".outcome:target").inner_text()


def test_on_paper_every_card_is_open(shown):
    tab = shown(DESK)

    tab.emulate_media(media="print")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")

    assert all(each.is_visible() for each in tab.locator(".card .outcome").all())
    assert not tab.locator(".tools").is_visible()
    assert len(tab.pdf()) > 20_000


# What it is made of


def test_the_same_events_give_the_same_page(text):
    assert page(stream(*EVERY, FIGURE, *frontiers([load_venue(BETA)]))) == text


def test_the_page_names_no_place_outside_itself(text):
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) <= {
        "http://www.w3.org/1999/xlink",
        "http://www.w3.org/2000/svg",
    }
    assert not re.search(r"<(?:link|script|img|iframe)[^>]+(?:src|href)=\"(?!data:)", text)


def test_every_anchor_stands_once_and_every_link_finds_one(text):
    ids = re.findall(r'\sid="([^"]+)"', text)
    links = set(re.findall(r'href="#([^"]+)"', text))

    assert len(ids) == len(set(ids))
    assert links <= set(ids)


def test_words_of_a_users_theorem_are_text_and_never_code():
    bad = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    made = page(
        stream(theorem(HOLDS, bad, sentence=bad), result(HOLDS, "proved", venue=bad, trouble=bad), venue=bad)
    )

    assert made.count("<script>") == 1
    assert "<img" not in made
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in made


def test_a_stream_without_its_end_is_no_page():
    with pytest.raises(ValueError, match="did not end"):
        page(stream(*EVERY)[:-1])


def test_solvers_that_disagree_stand_first():
    opinion = {"part": "a rise", "first": "unsat", "second": "sat", "says": "disagree"}
    told = stream(theorem(HOLDS), result(HOLDS, "proved", opinions=[opinion]), second="cvc5 1.4.2")

    made = page(told)

    assert 0 < made.index("Two solvers disagree.") < made.index('class="verdict"')
    assert re.search(r"cvc5 1.4.2 disagrees\s+in the case <q>a rise</q>", made)


def test_a_figure_stands_beside_its_venue(shown):
    tab = shown(DESK)

    assert tab.locator("#figures tbody tr").inner_text().split() == ["largest", "fall", "HYPE", "0.21625"]


def test_the_page_says_how_to_make_it_again():
    bundled, own = page(stream()), page(stream(venue="mine", file="my venues/mine.toml"))

    assert f"solvent audit {BETA} --html audit.html" in bundled
    assert "solvent audit &#39;my venues/mine.toml&#39; --html audit.html" in own


def test_the_verdict_counts_theorems_and_cells():
    told = " ".join(re.search(r'<p class="verdict">(.+?)</p>', page(stream(*EVERY)), re.DOTALL)[1].split())

    assert told == (
        "4 theorems were checked in 10 cells of 1 venue. <strong>1 should hold and does not</strong>: each is shown "
        "with numbers that break it. 1 holds wherever it was asked. 1 is stated to be false and is refuted: what one "
        "might take for granted, and must not. 2 cells are not decided."
    )


def test_an_audit_without_theorems_is_a_page_too():
    assert "0 theorems were checked in 0 cells of 1 venue." in page(stream())
