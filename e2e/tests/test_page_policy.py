"""What the page's headers keep out: frames of other origins, and script, styles and requests that are not the page's own."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, Route, expect

from people import People
from stack import Stack

ELSEWHERE = "http://elsewhere.test"

# What injected markup or script could try. Each ends as `ran`, or with the directive that refused it.
_ATTEMPTS = """async elsewhere => {
  const ends = {}
  const tried = (name, attempt) => new Promise(resolve => {
    const over = end => {
      if (name in ends) return
      ends[name] = end
      removeEventListener('securitypolicyviolation', refused)
      setTimeout(resolve)
    }
    const refused = event => over(event.effectiveDirective)
    addEventListener('securitypolicyviolation', refused)
    Object.defineProperty(window, 'ran', { configurable: true, set: () => over('ran') })
    // What is refused throws as well, or does not: the violation is what tells.
    Promise.resolve().then(attempt).catch(() => {})
  })
  const element = (name, attributes = {}) => {
    const made = document.createElement(name)
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
    return made
  }
  const body = document.body
  const applies = made => {
    body.append(made)
    if (getComputedStyle(made).outlineStyle === 'dotted') window.ran = true
  }
  await tried('inline script', () => {
    const script = element('script')
    script.append(document.createTextNode('window.ran = true'))
    body.append(script)
  })
  await tried('markup with a handler', () => { body.append(element('div')); body.lastChild.innerHTML = '<img src="data:," onerror="ran = true">' })
  await tried('handler attribute', () => { const made = element('button', { onclick: 'ran = true' }); body.append(made); made.click() })
  await tried('javascript address', () => { const made = element('a', { href: 'javascript:void(window.ran = true)' }); body.append(made); made.click() })
  await tried('eval', () => { (0, eval)('window.ran = true') })
  await tried('timer of text', () => { setTimeout('window.ran = true') })
  await tried('script from elsewhere', () => body.append(element('script', { src: `${elsewhere}/script.js` })))
  await tried('module from elsewhere', () => import(`${elsewhere}/module.js`))
  await tried('inline style', () => {
    const style = element('style')
    style.append(document.createTextNode('.dotted { outline: 1px dotted }'))
    body.append(style)
    applies(element('i', { class: 'dotted' }))
  })
  await tried('style attribute', () => applies(element('i', { style: 'outline: 1px dotted' })))
  await tried('request elsewhere', async () => { await fetch(`${elsewhere}/data`, { mode: 'no-cors' }); window.ran = true })
  await tried('picture from elsewhere', () => {
    const picture = new Image()
    picture.onload = () => (window.ran = true)
    picture.src = `${elsewhere}/picture.svg`
  })
  await tried('frame of elsewhere', () => {
    addEventListener('message', () => (window.ran = true), { once: true })
    body.append(element('iframe', { src: `${elsewhere}/frame.html` }))
  })
  await tried('base address', () => {
    document.head.prepend(element('base', { href: `${elsewhere}/` }))
    if (document.baseURI.startsWith(elsewhere)) window.ran = true
    document.querySelector('base').remove()
  })
  return ends
}"""


_NAMES = [
    "inline script", "markup with a handler", "handler attribute", "javascript address", "eval", "timer of text", "script from elsewhere",
    "module from elsewhere", "inline style", "style attribute", "request elsewhere", "picture from elsewhere", "frame of elsewhere", "base address",
]  # fmt: skip


class Elsewhere:
    """Another host, which gives whatever is asked of it and keeps what that was."""

    _GIVES = {
        "/script.js": ("text/javascript", "window.ran = true"),
        "/module.js": ("text/javascript", "window.ran = true"),
        "/data": ("text/plain", "data"),
        "/picture.svg": ("image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'),
        "/frame.html": ("text/html", "<script>parent.postMessage('here', '*')</script>"),
    }

    def __init__(self, context: BrowserContext) -> None:
        self.asked: list[str] = []
        context.route(f"{ELSEWHERE}/**", self._answer)

    def _answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(ELSEWHERE)
        self.asked.append(path)
        kind, body = self._GIVES[path]
        route.fulfill(content_type=kind, body=body, headers={"Access-Control-Allow-Origin": "*"})


def changed(context: BrowserContext, stack: Stack, policy: Callable[[str], str]) -> None:
    """Gives the page another Content-Security-Policy; an empty one is none."""

    def answer(route: Route) -> None:
        given = route.fetch()
        headers = given.headers | {"content-security-policy": policy(given.headers["content-security-policy"])}
        route.fulfill(response=given, headers={name: value for name, value in headers.items() if value})

    context.route(f"{stack.page}/", answer)


def without_trusted_types(policy: str) -> str:
    """What the policy is to a browser that does not know them."""
    return "; ".join(one for one in policy.split("; ") if "trusted-types" not in one)


@pytest.mark.parametrize("policy", [None, without_trusted_types], ids=["whole", "without_trusted_types"])
def test_nothing_injected_runs_loads_or_leaves(people: People, stack: Stack, policy: Callable[[str], str] | None) -> None:
    person = people.arrive("Ann")
    if policy is not None:
        changed(person.context, stack, policy)
        # A document that the test gives has no address, and Chromium keeps it from the API on this machine.
        person.expects_complaints("CORS policy")
    person.visit()
    expect(person.page.locator("#app")).not_to_be_empty()
    person.witness.allowed_origins.append(ELSEWHERE)
    person.expects_complaints("Content Security Policy", "TrustedHTML", "TrustedScript", "net::ERR_")
    elsewhere = Elsewhere(person.context)
    ends = person.page.evaluate(_ATTEMPTS, ELSEWHERE)
    assert list(ends) == _NAMES
    assert [name for name, end in ends.items() if end == "ran"] == []
    assert elsewhere.asked == []
    refused = [said for said in person.witness.complaints if "Content Security Policy" in said]
    assert refused, "a violation is a complaint, so every other test notices one"


@pytest.fixture
def bare(browser: Browser, stack: Stack) -> Iterator[BrowserContext]:
    """A browser to which the page comes as from a host that sends no policy."""
    with browser.new_context() as context:
        changed(context, stack, lambda _: "")
        yield context


def test_without_the_policy_every_one_of_these_gets_through(bare: BrowserContext, stack: Stack) -> None:
    elsewhere = Elsewhere(bare)
    page = bare.new_page()
    page.goto(stack.page)
    assert page.evaluate(_ATTEMPTS, ELSEWHERE) == dict.fromkeys(_NAMES, "ran")
    assert len(elsewhere.asked) == 5


_FRAMED = """address => new Promise(resolve => {
  const frame = document.createElement('iframe')
  frame.onload = () => resolve()
  frame.src = address
  document.body.append(frame)
})"""


def framed(page: Page, stack: Stack) -> Frame:
    """The page in a frame of another origin."""
    host = f"{stack.third_origin}/host.html"
    page.route(host, lambda route: route.fulfill(content_type="text/html", body="<!doctype html><title>a host</title>"))
    page.goto(host)
    page.evaluate(_FRAMED, f"{stack.page}/")
    [frame] = page.main_frame.child_frames
    return frame


def test_the_page_stays_blank_in_a_frame_of_another_origin(people: People, stack: Stack) -> None:
    person = people.arrive("Mallory")
    person.witness.allowed_origins += [stack.third_origin, "chrome-error://chromewebdata"]
    person.expects_complaints("frame-ancestors")
    frame = framed(person.page, stack)
    assert frame.url.startswith("chrome-error:")
    assert frame.locator("#app").count() == 0


def test_without_the_policy_the_page_would_be_there(bare: BrowserContext, stack: Stack) -> None:
    expect(framed(bare.new_page(), stack).locator("#app")).not_to_be_empty()
