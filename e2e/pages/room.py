from playwright.sync_api import Locator, Page, expect

from pages.dialog import Dialog
from pages.live_text_dialog import LiveTextDialog
from pages.stream_view import StreamView
from pages.words import Words


class Room:
    """One room: what was said in it, who is there, and where to write."""

    def __init__(self, page: Page, words: Words) -> None:
        self._page = page
        self._words = words
        self.title = page.get_by_role("heading", level=1)
        self.log = page.get_by_role("log")
        self.messages = self.log.get_by_role("article")
        self.texts = self.log.locator("[data-text]")
        self.pending = self.log.locator("[data-delivery=pending]")
        self.new_line = page.locator("[data-new-messages]")
        self.jump = page.get_by_role("button", name=words.jump)
        self.field = page.get_by_role("textbox", name=words.message, exact=True)
        self.send_button = page.get_by_role("button", name=words.send, exact=True)
        self.typing = page.locator("[data-typing]")
        self.people = page.get_by_role("complementary", name=words.people)
        self.people_dialog = Dialog(page, words, words.people)
        self.live_text = page.get_by_role("button", name=words.live_text)
        self.live_text_dialog = LiveTextDialog(page, words)
        self.menu = page.get_by_role("button", name=words.room_menu)

    def message(self, text: str) -> Locator:
        return self.messages.filter(has_text=text)

    def write(self, text: str) -> None:
        """Types a message and sends it, without waiting for what becomes of it."""
        self.field.fill(text)
        self.field.press("Enter")
        expect(self.field).to_have_value("")

    def say(self, text: str) -> None:
        """Sends a message and waits until the server has it."""
        self.write(text)
        expect(self.message(text).last).to_have_attribute("data-state", "sent")

    def shows(self, *texts: str) -> None:
        """Exactly these messages, in this order, all of them sent."""
        expect(self.texts).to_have_text(list(texts))
        expect(self.pending).to_have_count(0)

    def ask_to_leave(self) -> Locator:
        """Opens the question whether the room shall be left."""
        self._in_menu(self._words.leave_room)
        return self._question()

    def open_invitation(self) -> None:
        """By the button in the header, or where there is no room for it, in the menu."""
        self._in_menu(self._words.invite)

    def open_people(self) -> None:
        self._in_menu(self._words.show_people)

    def _in_menu(self, name: str) -> None:
        main = self._page.get_by_role("main")
        wanted = main.get_by_role("button", name=name, exact=True)
        expect(self.menu).to_be_visible()
        if not wanted.is_visible():
            self.menu.click()
        wanted.click()

    def _act(self, message: Locator, name: str) -> None:
        """Presses a button of a message, which on a narrow screen is in its menu."""
        message.hover()
        wanted = message.get_by_role("button", name=name)
        if not wanted.is_visible():
            message.get_by_role("button", name=self._words.message_actions).click()
        wanted.click()

    def _question(self) -> Locator:
        question = self._page.locator("dialog[open]")
        expect(question).to_be_visible()
        return question

    def edit(self, text: str, new: str) -> None:
        message = self.message(text)
        # Found once: the text by which it was found is about to change.
        same = self.messages.and_(self._page.locator(f'[data-message-id="{message.get_attribute("data-message-id")}"]'))
        self._act(same, self._words.edit_message)
        field = same.get_by_role("textbox", name=self._words.edit_field)
        field.fill(new)
        same.get_by_role("button", name=self._words.save).click()
        expect(field).to_have_count(0)

    def ask_to_delete(self, text: str) -> Locator:
        """Opens the question whether it shall be deleted."""
        self._act(self.message(text), self._words.delete_message)
        return self._question()

    def delete(self, text: str) -> None:
        question = self.ask_to_delete(text)
        question.get_by_role("button", name=self._words.delete, exact=True).click()
        expect(question).to_have_count(0)

    def person(self, name: str) -> Locator:
        return self.people.get_by_role("listitem").filter(has_text=name)

    def invitation(self) -> str:
        """The link that lets somebody else in."""
        self.open_invitation()
        link = self._page.get_by_role("textbox", name=self._words.invitation_link)
        expect(link).to_be_visible()
        address = link.input_value()
        self._page.keyboard.press("Escape")
        expect(link).to_have_count(0)
        return address

    def start_live_text(self, text: str, speed: int, *, markdown: bool = False) -> StreamView:
        self.live_text.click()
        self.live_text_dialog.write(text, speed, markdown=markdown)
        return self.stream()

    def stream(self) -> StreamView:
        """The last live text of the room."""
        return StreamView(self.log.locator("[data-stream-state]").last, self._words)
