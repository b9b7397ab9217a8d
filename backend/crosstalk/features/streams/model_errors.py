"""Why a language model gave no complete answer, in one fixed sentence a kind: the room reads it."""

QUOTA = "The assistant has reached its usage limit. Try again later."
POLICY = "The model declined to answer this."
TOO_LONG = "This conversation is too long for the model."
UNAVAILABLE = "The model is not available at the moment."

_TOO_LONG_WORDS = ("context_length", "context length", "maximum context", "too long", "too many tokens")
_POLICY_WORDS = ("content_filter", "content_policy", "content management policy")


class ModelError(Exception):
    """The model gave no complete answer. The text is for the people in the room."""


class ModelRefused(ModelError):
    """There is no answer; the stream fails."""


class ModelCut(ModelError):
    """The answer ended early; the stream is interrupted, and can be continued."""


def refusal(status: int, words: str) -> ModelRefused:
    """The refusal behind an HTTP status and what the model's server wrote. Nothing of that is in the sentence: it may name
    the organisation or the key."""
    lower = words.lower()
    if status in (402, 429):
        return ModelRefused(QUOTA)
    if status == 413 or any(word in lower for word in _TOO_LONG_WORDS):
        return ModelRefused(TOO_LONG)
    if any(word in lower for word in _POLICY_WORDS):
        return ModelRefused(POLICY)
    return ModelRefused(UNAVAILABLE)
