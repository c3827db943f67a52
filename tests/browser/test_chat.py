"""The page as people use it: ask, watch, stop, retry, come back; by keyboard, on a small screen."""

from __future__ import annotations

import json
import re

import pytest
from playwright.async_api import Error, expect

from tests.browser.conftest import SIZE, picture

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

QUESTION = "SQLite or PostgreSQL for a web shop with 200 orders a day?"


def composer(page):
    return page.get_by_label("Your question")


def status(page):
    return page.locator("#status")


def answer(page):
    return page.get_by_role("region", name="Answer", exact=True)


async def ask(page, text=QUESTION):
    await composer(page).fill(text)
    await composer(page).press("Enter")


async def answered(page):
    await expect(status(page)).to_have_text("The answer is ready.")
    await expect(answer(page).last).to_contain_text("tokens")


async def choose(page, name):
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.type(name)
    await expect(page.get_by_role("option", selected=True)).to_contain_text(name)  # it has loaded
    await page.keyboard.press("Enter")
    await expect(page.locator("#preset-name")).to_have_text(name)


async def test_a_question_its_advisors_live_one_answer_and_what_it_took(page):
    await expect(page.get_by_role("heading", level=2)).to_have_text(re.compile("one answer"))
    await ask(page)
    await expect(page.locator(".question").last).to_have_text(QUESTION)
    await expect(composer(page)).to_have_value("")
    rows = page.get_by_role("region", name="Advisors").locator(".row")
    await expect(rows).to_have_count(3)
    await expect(rows.filter(has_text="writing").first).to_be_visible()
    await expect(page.get_by_role("button", name="Stop")).to_be_visible()
    await picture(page, "web-live")
    await expect(page.locator(".streaming")).to_contain_text("For 200 orders")
    await answered(page)
    await expect(rows.nth(0)).to_contain_text(re.compile(r"done · .* s · \$0.0042"))
    await expect(rows.nth(0)).to_contain_text("SQLite is enough.")
    await expect(rows.nth(2)).to_contain_text("failed: refused the request")
    await expect(page.locator(".facts")).to_contain_text("advisors 2/3")
    await expect(page.locator(".facts")).to_contain_text("$0.0156")
    await expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    await expect(answer(page).locator("table tr")).to_have_count(4)
    await expect(answer(page).get_by_role("button", name="Copy")).to_have_count(2)


async def test_an_advisor_s_full_text_opens_and_stays_open(page):
    await ask(page)
    row = page.locator("details").filter(has_text="gpt-5.5")
    await row.locator("summary").click()
    await expect(row).to_contain_text("Trouble starts when a second machine has to write.")
    await answered(page)
    await expect(row).to_have_attribute("open", "")
    await page.get_by_role("button", name="Advisors", exact=True).click()
    await expect(page.locator("details[open]").filter(has_text="row locks")).to_be_visible()


async def test_a_reload_keeps_everything(page):
    await ask(page)
    await answered(page)
    turns = page.get_by_role("list", name="Questions and answers")
    before = await turns.inner_text()
    await page.reload()
    await expect(page.locator(".facts")).to_be_visible()
    assert await turns.inner_text() == before
    await expect(page.get_by_role("heading", level=1)).to_have_text(QUESTION)


async def test_a_reload_in_the_middle_goes_on_live(page):
    await ask(page)
    await expect(page.locator(".row").filter(has_text="writing").first).to_be_visible()
    await page.reload()
    await expect(page.locator(".question")).to_have_text(QUESTION)
    await answered(page)


async def test_stop_stops_by_escape_and_says_so(page):
    await choose(page, "slow")
    await ask(page)
    await expect(page.locator(".streaming")).to_contain_text("I begin to answer")
    await page.keyboard.press("Escape")
    await expect(answer(page)).to_contain_text("— stopped")
    await expect(answer(page)).to_contain_text("I begin to answer at length")
    await expect(status(page)).to_have_text("Stopped.")
    await expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    await page.reload()
    await expect(answer(page)).to_contain_text("— stopped")


async def test_stop_stops_by_its_button_too(page):
    await choose(page, "slow")
    await ask(page)
    await expect(page.locator(".streaming")).to_be_visible()
    await page.get_by_role("button", name="Stop").click()
    await expect(answer(page)).to_contain_text("— stopped")


async def test_retry_asks_again_in_the_place_of_the_old_answer(page):
    await ask(page)
    await answered(page)
    await page.get_by_role("button", name="Retry").click()
    await expect(page.get_by_role("button", name="Stop")).to_be_visible()
    await answered(page)
    await expect(page.locator(".question")).to_have_count(1)
    await expect(answer(page)).to_have_count(1)


async def test_remove_asks_once_more_and_takes_the_exchange_away(page):
    await ask(page)
    await answered(page)
    await page.get_by_role("button", name="Remove").click()
    await page.get_by_role("button", name="Remove for good?").click()
    await expect(page.locator(".question")).to_have_count(0)
    await page.reload()
    await expect(page.get_by_role("heading", level=2)).to_be_visible()


async def test_a_preset_is_chosen_by_keyboard_for_this_conversation_only(page):
    await page.keyboard.press("Control+k")
    picker = page.get_by_role("dialog")
    await expect(picker.get_by_role("option", selected=True)).to_contain_text("review")
    await page.keyboard.press("ArrowDown")
    await expect(picker.get_by_role("option", selected=True)).to_contain_text("slow")
    await page.keyboard.press("Enter")
    await expect(page.locator("#preset-name")).to_have_text("slow")
    await expect(composer(page)).to_be_focused()
    await page.reload()
    await expect(page.locator("#preset-name")).to_have_text("slow")
    await page.get_by_role("button", name="New conversation").click()
    await expect(page.locator("#preset-name")).to_have_text("review")


async def test_escape_closes_the_picker_whatever_was_typed_into_it(page):
    await page.keyboard.press("Control+k")
    await page.keyboard.type("sl")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_the_keys_do_what_the_hint_says(page):
    await composer(page).press_sequentially("one")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("two")
    await expect(composer(page)).to_have_value("one\ntwo")
    await composer(page).fill("")
    await ask(page, "First question, please?")
    await answered(page)
    await composer(page).press("ArrowUp")
    await expect(composer(page)).to_have_value("First question, please?")
    await page.get_by_role("button", name="New conversation").focus()
    await page.keyboard.press("/")
    await expect(composer(page)).to_be_focused()
    await expect(composer(page)).to_have_value("First question, please?")


async def test_conversations_are_listed_and_opened(page):
    await ask(page, "A first thing to ask?")
    await answered(page)
    await page.get_by_role("button", name="New conversation").click()
    await expect(page.locator(".question")).to_have_count(0)
    listed = page.get_by_role("navigation", name="Conversations")
    await listed.get_by_role("button", name="A first thing to ask?").first.click()
    await expect(page.locator(".question")).to_have_text("A first thing to ask?")
    await expect(page.locator(".facts")).to_be_visible()


async def test_a_second_page_sees_the_question_and_the_answer_live(visit):
    page = visit.page
    await ask(page, "A question before it?")
    await answered(page)
    second = await visit.context.new_page()
    await second.goto(page.url)
    await expect(second.locator(".facts")).to_be_visible()
    await ask(page)
    await expect(second.locator(".question").last).to_have_text(QUESTION)
    await answered(second)


async def test_what_cannot_be_sent_comes_back_with_the_reason(visit):
    page = visit.page
    await choose(page, "review")
    await page.route("**/messages", lambda route: route.abort())
    await ask(page, "Do not lose me")
    await expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    await expect(composer(page)).to_have_value("Do not lose me")
    await expect(page.locator(".question")).to_have_count(0)
    await page.unroute("**/messages")
    await composer(page).press("Enter")
    await answered(page)
    await expect(page.get_by_role("alert")).to_be_hidden()
    assert all("net::ERR_FAILED" in complaint for complaint in visit.complaints)
    visit.complaints.clear()


async def test_why_a_text_came_back_stands_whatever_else_goes_well(visit, site):
    page = visit.page
    await choose(page, "hostile")  # not the default one: the page listens from now on
    await page.route("**/messages", lambda route: route.abort())
    await ask(page, "Do not lose me")
    await expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    preset = page.url.replace("/#", "/api/conversations/") + "/preset"
    elsewhere = {"event_id": "from-elsewhere", "preset": "review"}
    done = await visit.context.request.post(
        preset, data=elsewhere, headers={"Authorization": f"Bearer {site.token}"}
    )
    assert done.ok
    await expect(page.locator("#preset-name")).to_have_text("review")
    await expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    visit.complaints.clear()


async def test_too_long_a_text_is_refused_in_words_and_kept(visit):
    page = visit.page
    await ask(page, "x" * (256 * 1024 + 1))
    await expect(page.get_by_role("alert")).to_contain_text("longer than 256 KB")
    assert len(await composer(page).input_value()) == 256 * 1024 + 1
    assert all("413" in complaint for complaint in visit.complaints)
    visit.complaints.clear()


async def test_what_a_model_writes_runs_nothing_and_fetches_nothing(page):
    asked_for = []
    page.on("request", lambda request: asked_for.append(request.url))
    await choose(page, "hostile")
    await ask(page)
    await answered(page)
    await expect(answer(page)).to_contain_text("<script>")
    await expect(answer(page).locator("script, img, [onerror], [href^=javascript]")).to_have_count(
        0
    )
    assert await page.title() != "owned"
    assert not [url for url in asked_for if ":9/" in url]


async def test_the_page_s_own_scripts_cannot_make_html_out_of_text(visit):
    with pytest.raises(Error, match="TrustedHTML"):
        await visit.page.evaluate("document.body.innerHTML = '<b>x</b>'")
    visit.complaints.clear()


async def test_loading_honest_notes_offers_and_starters(page):
    told = {
        "ready": False,
        "default_preset": "small",
        "presets": [],
        "reason": "",
        "loading": [
            {"name": "smollm2-135m", "step": "downloading", "done": 42 << 20, "total": 105 << 20}
        ],
        "notice": "A very small model answers here.",
        "offers": [{"title": "Ollama", "text": "found on :11434", "preset": "review"}],
        "starters": ["Explain in one sentence what a database is."],
    }
    await page.route("**/api/status", lambda route: route.fulfill(body=json.dumps(told)))
    await page.reload()
    await expect(page.get_by_role("progressbar", name="smollm2-135m")).to_be_visible()
    await expect(page.get_by_text("smollm2-135m, downloading: 42 MB of 105 MB")).to_be_visible()
    await expect(page.get_by_text("A very small model answers here.")).to_be_visible()
    await picture(page, "web-welcome")
    told |= {"ready": True, "loading": []}
    await expect(page.get_by_role("progressbar")).to_have_count(0)
    await page.get_by_role("button", name="Use Ollama").click()
    await expect(page.locator("#preset-name")).to_have_text("review")
    await page.get_by_role("button", name="Explain in one sentence").click()
    await answered(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_both_themes_and_the_toggle(page, scheme):
    await page.emulate_media(color_scheme=scheme)
    await ask(page)
    await answered(page)
    await page.locator("#scroll").evaluate("element => { element.scrollTop = 0; }")
    await picture(page, f"web-{scheme}")
    dark = "rgb(22, 21, 19)"
    paper = re.compile(re.escape(dark)) if scheme == "dark" else re.compile(r"rgb\(250, 248, 243\)")
    await expect(page.locator("body")).to_have_css("background-color", paper)
    for _ in range(2):
        await page.get_by_role("button", name="Theme").click()
    await expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    await page.reload()
    await expect(page.locator("body")).to_have_css("background-color", dark)


async def test_360_pixels_are_enough(page):
    await page.set_viewport_size({"width": 360, "height": 740})
    wide = "() => document.documentElement.scrollWidth > innerWidth"
    assert not await page.evaluate(wide)
    await ask(page, "Why? " + "averyveryverylongwordwithoutanyplacetobreak" * 3)
    await answered(page)
    assert not await page.evaluate(wide)
    await picture(page, "web-360")
    await expect(page.get_by_role("navigation", name="Conversations")).to_be_hidden()
    await page.get_by_role("button", name="Conversations").click()
    await expect(page.get_by_role("button", name="New conversation")).to_be_visible()
    assert not await page.evaluate(wide)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("navigation", name="Conversations")).to_be_hidden()
    await page.set_viewport_size(SIZE)


async def test_the_printed_link_works_once_and_a_used_one_says_what_to_do(browser, site):
    context = await browser.new_context()
    first = await context.new_page()
    await first.goto(site.link)
    await expect(composer(first)).to_be_visible()
    assert "code" not in first.url
    stranger = await (await browser.new_context()).new_page()
    await stranger.goto(site.link)
    await expect(stranger.get_by_role("heading")).to_have_text("This link was used already")
    await stranger.get_by_label("Token").fill("wrong")
    await stranger.get_by_role("button", name="Sign in").click()
    await expect(stranger.get_by_role("alert")).to_have_text("That is not the token.")
    await stranger.get_by_label("Token").fill(site.token)
    await stranger.get_by_role("button", name="Sign in").click()
    await expect(composer(stranger)).to_be_visible()


async def test_only_the_status_line_is_announced_and_everything_has_a_name(page):
    await ask(page)
    await answered(page)
    live = page.locator("[aria-live]")
    await expect(live).to_have_count(1)
    await expect(live).to_have_attribute("id", "status")
    nameless = await page.evaluate(
        """() => [...document.querySelectorAll("button, input, textarea, summary")]
            .filter((each) => !(each.textContent.trim() || each.ariaLabel || each.labels?.length))
            .map((each) => each.outerHTML)"""
    )
    assert nameless == []
    for landmark in ("navigation", "banner", "main"):
        await expect(page.get_by_role(landmark)).to_have_count(1)
    await page.keyboard.press("Tab")
    await page.evaluate("document.activeElement.blur()")
