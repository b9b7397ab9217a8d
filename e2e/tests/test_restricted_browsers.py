"""The page where browsers give it less than usual: no secure context, no storage, no new APIs, a translator, a missing file."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from pages.words import WORDS
from people import People
from person import NARROW, Looks, Person, Tab
from stack import Stack

NO_STORAGE = """
for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
  Object.defineProperty(window, name, { get() { throw new DOMException('blocked', 'SecurityError') } })
"""
FULL_STORAGE = """
Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }
"""
SILENT_DATABASE = "IDBFactory.prototype.open = () => new EventTarget()"
BLOCKED_DATABASE = """
const open = IDBFactory.prototype.open
IDBFactory.prototype.open = function (...args) {
  const request = open.apply(this, args)
  Object.defineProperty(request, 'addEventListener', {
    value: (type, ...rest) => type === 'blocked' && EventTarget.prototype.addEventListener.call(request, type, ...rest),
  })
  return request
}
"""
OLD_BROWSER = """
delete URL.canParse
delete window.BroadcastChannel
delete Crypto.prototype.randomUUID
MediaQueryList.prototype.addEventListener = undefined
Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined })
Object.defineProperty(navigator, 'clipboard', { value: undefined })
Object.defineProperty(navigator, 'locks', { value: undefined })
"""

RESTRICTIONS = {
    "storage is refused": NO_STORAGE,
    "storage is full": FULL_STORAGE,
    "IndexedDB never answers": SILENT_DATABASE,
    "IndexedDB is blocked": BLOCKED_DATABASE,
    "the browser is some years old": OLD_BROWSER,
}


@pytest.mark.parametrize("restriction", RESTRICTIONS)
def test_one_enters_and_talks_where(people: People, bob: Person, restriction: str) -> None:
    name = f"Room where {restriction}"
    bob.rooms.create(name)
    ann = people.arrive("Ann")
    ann.context.add_init_script(RESTRICTIONS[restriction])
    ann.visit()
    lasting = restriction not in ("storage is refused", "storage is full")
    expect(ann.page.get_by_text("This browser blocks storage")).to_have_count(0 if lasting else 1)
    ann.entrance.as_guest("Ann")
    ann.status.is_connected()
    ann.rooms.join(name)
    ann.room.say("see https://example.com/a。然后")
    expect(ann.room.texts.last.get_by_role("link")).to_have_attribute("href", "https://example.com/a")
    bob.room.say("hello")
    ann.room.shows("see https://example.com/a。然后", "hello")
    ann.room.open_invitation()
    ann.page.get_by_role("dialog").get_by_role("button", name="Copy").click()
    expect(ann.page.get_by_role("dialog")).to_contain_text(re.compile("Copied|Press Ctrl"))


def test_on_plain_http_everything_works_and_four_tabs_refresh_together(people: People, bob: Person, stack: Stack) -> None:
    bob.rooms.create("Plain room")
    ann = people.arrive("Ann")
    # Of a header that only secure origins use.
    ann.expects_complaints("Cross-Origin-Opener-Policy")
    ann.visit(stack.insecure_page)
    without = "[isSecureContext, typeof crypto.randomUUID, navigator.locks, navigator.clipboard].map(String)"
    assert ann.page.evaluate(without) == ["false", "undefined", "undefined", "undefined"]
    ann.entrance.as_guest("Ann")
    ann.status.is_connected()
    ann.rooms.join("Plain room")
    ann.room.say("sent from plain http")
    bob.room.shows("sent from plain http")
    ann.room.start_live_text("live from plain http", 100).is_over("finished")
    ann.room.open_invitation()
    ann.page.get_by_role("dialog").get_by_role("button", name="Copy").click()
    expect(ann.page.get_by_role("dialog")).to_contain_text("Copied")
    ann.page.keyboard.press("Escape")

    tabs: list[Tab] = [ann, *(ann.new_tab() for _ in range(3))]
    for tab in tabs[1:]:
        tab.visit(ann.page.url)
        tab.status.is_connected()
    age = """() => {
      const session = JSON.parse(localStorage.getItem('crosstalk.session'))
      localStorage.setItem('crosstalk.session', JSON.stringify({ ...session, expires_at: 0 }))
    }"""
    for number in range(4):
        ann.page.evaluate(age)
        for tab in tabs:
            # All at once: the page is not waited for.
            tab.page.evaluate("void setTimeout(() => location.reload())")
        for tab in tabs:
            tab.page.wait_for_load_state()
            tab.status.is_whole()
        tabs[number].room.say(f"after refresh {number}")
    for tab in tabs:
        expect(tab.room.texts.last).to_have_text("after refresh 3")


def test_a_translator_changes_the_page_and_messages_stay_right(ann: Person, bob: Person, shared_room: str) -> None:
    ann.room.say("before the translation")
    bob.room.shows("before the translation")
    view = ann.room.start_live_text("a text that is written while the page is translated", 70)
    expect(bob.room.stream().text).to_have_attribute("translate", "no")
    # What Google Translate does: each text node is replaced by <font> elements around its translation.
    bob.page.evaluate("""() => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
      const nodes = []
      while (walker.nextNode()) nodes.push(walker.currentNode)
      for (const node of nodes) {
        if (!node.data.trim() || node.parentElement.closest('[translate=no]')) continue
        const outer = document.createElement('font')
        outer.append(document.createElement('font'))
        outer.firstChild.append('«' + node.data + '»')
        node.replaceWith(outer)
      }
    }""")
    expect(bob.room.texts.first).to_have_text("«before the translation»")
    ann.room.edit("before the translation", "edited since")
    expect(bob.room.texts.first).to_have_text("edited since")
    view.is_over("finished")
    bob.room.stream().is_over("finished")
    assert bob.room.stream().shown() == "a text that is written while the page is translated"
    ann.room.say("after it")
    expect(bob.room.texts.last).to_have_text("after it")


def test_text_from_right_to_left_runs_so_wherever_it_is_written(ann: Person, bob: Person, shared_room: str) -> None:
    hebrew, english = "שלום, עולם!", "Hello."
    ann.room.say(hebrew)
    ann.room.say(english)
    ann.room.start_live_text(f"{hebrew}\n{english}\n", 100).is_over("finished")
    direction = "one => getComputedStyle(one).direction"
    assert [one.evaluate(direction) for one in bob.room.texts.all()] == ["rtl", "ltr"]
    expect(bob.room.stream().text.locator("[dir]")).to_have_count(2)
    assert [one.evaluate(direction) for one in bob.room.stream().text.locator("[dir]").all()] == ["rtl", "ltr"]
    bob.room.field.fill(hebrew)
    assert bob.room.field.evaluate(direction) == "rtl"


def test_the_return_key_of_a_phone_makes_a_line_and_the_button_sends(people: People, bob: Person) -> None:
    name = "Quarterly planning and budget review 2027, the part after lunch, second floor"
    bob.rooms.create(name)
    ann = people.arrive("Ann", Looks(size=NARROW, touch=True))
    ann.enter("Ann")
    ann.rooms.join(name)
    ann.room.field.focus()
    ann.page.keyboard.type("    indented")
    ann.page.keyboard.press("Enter")
    ann.page.keyboard.type("second line")
    expect(ann.room.field).to_have_value("    indented\nsecond line")
    expect(ann.room.field).to_have_attribute("enterkeyhint", "enter")
    ann.room.send_button.click()
    expect(ann.room.texts).to_have_count(1)
    assert ann.room.texts.first.text_content() == "    indented\nsecond line"
    within = "() => document.documentElement.scrollWidth <= innerWidth"
    assert ann.page.evaluate(within), "the page is as wide as the phone"
    button = ann.room.send_button.bounding_box()
    assert button is not None
    assert button["x"] + button["width"] <= NARROW[0]


COMPOSING = """(field, order) => {
  const enter = (isComposing) => field.dispatchEvent(
    new KeyboardEvent('keydown', { key: 'Enter', keyCode: 229, isComposing, bubbles: true, cancelable: true }))
  field.dispatchEvent(new CompositionEvent('compositionstart', { bubbles: true }))
  if (order === 'Chromium') enter(true)
  field.dispatchEvent(new CompositionEvent('compositionend', { bubbles: true, data: '你好' }))
  if (order === 'WebKit') enter(false)
}"""


def test_the_enter_that_ends_a_composition_neither_sends_nor_saves(ann: Person, shared_room: str) -> None:
    ann.room.say("to edit")
    for order in ("Chromium", "WebKit"):
        ann.room.field.fill("你好")
        ann.room.field.evaluate(COMPOSING, order)
        expect(ann.room.field).to_have_value("你好")
    ann.room.field.fill("")
    ann.room.field.press("ArrowUp")
    editor = ann.room.log.get_by_role("textbox")
    for order in ("Chromium", "WebKit"):
        editor.fill("编辑")
        editor.evaluate(COMPOSING, order)
        expect(editor).to_have_value("编辑")
    editor.press("Escape")
    ann.room.shows("to edit")


def _gone(page: Page, file: str) -> None:
    """As after a new deployment: this file of the page is not there any more."""

    def refuse(route: Route) -> None:
        route.fulfill(status=404, body="gone")

    page.context.route(re.compile(rf"/assets/{file}-[^/]*\.js"), refuse)


def test_a_missing_language_leaves_english_and_comes_when_it_can_be_had(people: People) -> None:
    ann = people.arrive("Ann", Looks(language="zh"))
    ann.expects_complaints("404")
    _gone(ann.page, "zh")
    ann.visit()
    expect(ann.page.get_by_role("button", name=WORDS["en"].enter_as_guest)).to_be_visible()
    ann.context.unroute_all()
    expect(ann.page.get_by_role("button", name=ann.words.enter_as_guest)).to_be_visible()


def test_a_part_that_a_new_deployment_has_replaced_offers_a_reload(ann: Person, shared_room: str) -> None:
    ann.expects_complaints("404")
    _gone(ann.page, "LiveTextDialog")
    ann.room.field.fill("kept over the reload")
    ann.room.live_text.click()
    expect(ann.page.get_by_role("button", name="Reload")).to_be_visible()
    ann.context.unroute_all()
    ann.page.get_by_role("button", name="Reload").click()
    expect(ann.room.field).to_have_value("kept over the reload")
    ann.room.live_text.click()
    expect(ann.room.live_text_dialog.box).to_be_visible()
