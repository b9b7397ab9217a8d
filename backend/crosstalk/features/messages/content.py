"""What was sent under a client_id, so that a repeat is told from another use of it."""

from typing import Any, NamedTuple

import orjson

from crosstalk.core.installation import installation
from crosstalk.features.messages.message import StoredMessage

# A message that is its own evidence, or of which nothing may be kept.
NO_DIGEST = ""


class Content(NamedTuple):
    """The parts of a command that make it this one and no other, as JSON values; the first names the kind."""

    kind: str
    parts: tuple[Any, ...]

    def digest(self) -> str:
        """Keyed, so that a short text cannot be found by trying."""
        return installation().keys.digest(orjson.dumps([self.kind, *self.parts], option=orjson.OPT_SORT_KEYS))

    def stored_digest(self) -> str:
        """What is stored beside a new message. The text of one stands there already: it needs none until it is edited."""
        return NO_DIGEST if self.kind == "text" else self.digest()

    def is_sent_as(self, message: StoredMessage) -> bool:
        """Whether the message is what came of sending this.

        Of a deleted message nothing is kept to compare, and a digest under another installation's key says nothing: then the
        answer is yes, because a repeat must never become a conflict.
        """
        if self.kind != message.kind:
            return False
        if message.content_digest != NO_DIGEST:
            own = self.digest()
            return message.content_digest == own or _key_of(message.content_digest) != _key_of(own)
        if message.deleted or message.edited_at is not None or message.kind != "text":
            return True
        return self.parts == (message.text,)


def digest_before_edit(message: StoredMessage) -> str:
    """The digest of what was sent, when the text is about to be replaced."""
    if message.content_digest != NO_DIGEST or message.edited_at is not None:
        return message.content_digest
    return Content("text", (message.text,)).digest()


def _key_of(digest: str) -> str:
    return digest.partition(":")[0]
