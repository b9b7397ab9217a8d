"""Known devices: a token that an account's device keeps after it has signed out, and shows when it signs in again.

It opens nothing by itself. It says that this device has signed in to the account before, so its attempts are counted apart from
those of strangers. It is the same for all tokens of one session, and nothing is stored on the server.
"""

import base64
import hmac

from crosstalk.core.installation import installation

_ID_LENGTH = 16


def device_token(user_id: str, session_id: str) -> str:
    """The token of the device on which this session was started."""
    device_id = _mac("id", session_id)[:_ID_LENGTH]
    return device_id + _mac("token", user_id, device_id)


def known_device(user_id: str | None, token: str | None) -> str | None:
    """The id of the device when the token was made for this account, else None. For an unknown account, with the same work."""
    if token is None:
        return None
    device_id = token[:_ID_LENGTH]
    expected = _mac("token", user_id or "", device_id)
    fits = hmac.compare_digest(token[_ID_LENGTH:].encode(), expected.encode())
    return device_id if fits and user_id is not None else None


def _mac(*parts: str) -> str:
    # Contents of messages are digested with the same key: the first part keeps the two uses apart.
    text = "\0".join(("crosstalk device", *parts)).encode()
    made = installation().keys.mac(text)
    return base64.urlsafe_b64encode(made[:24]).decode()
