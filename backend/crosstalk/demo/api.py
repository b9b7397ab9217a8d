"""The API as the demo asks it: over REST, as a guest."""

from typing import Any

import httpx

_PATIENCE = httpx.Timeout(10, connect=4)
_PASSING = ("unavailable", "rate_limited", "internal")


class Unreachable(Exception):
    """No answer of the API, or one that says to come back."""

    def __init__(self, told: str, *, after_s: float = 0.0) -> None:
        super().__init__(told)
        self.after_s = after_s


class NotTheAPI(Exception):
    """Something answers there, and it is not Crosstalk."""


class Refused(Exception):
    """The API said no. The text is the reason in its own words."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(str(problem.get("detail") or problem.get("title") or problem["code"]))
        self.code: str = problem["code"]
        self.offset: int | None = problem.get("offset")


class Api:
    """One guest's way in. Expired tokens are renewed on the way."""

    def __init__(self, address: str) -> None:
        self._http = httpx.Client(base_url=f"{address.rstrip('/')}/api", timeout=_PATIENCE)
        self._tokens: dict[str, str] = {}

    def close(self) -> None:
        self._http.close()

    def enter(self, name: str) -> None:
        self._tokens = self._asked("POST", "/guests", {"name": name})

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer's body. Raises Refused, Unreachable or NotTheAPI."""
        try:
            return self._asked(method, path, body)
        except Refused as refused:
            if refused.code != "token_expired":
                raise
        self._tokens = self._asked("POST", "/sessions/refresh", {"refresh_token": self._tokens["refresh_token"]})
        return self._asked(method, path, body)

    def _asked(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        token = self._tokens.get("access_token")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            answer = self._http.request(method, path, json=body, headers=headers)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as wrong:
            raise NotTheAPI(str(wrong)) from wrong
        except httpx.HTTPError as gone:
            raise Unreachable(str(gone) or type(gone).__name__) from gone
        told = _json_of(answer)
        if answer.is_success and told is not None:
            return told
        if not isinstance(told, dict) or "code" not in told:
            # A proxy before an API that is being started again answers in its own words.
            if answer.status_code in (502, 503, 504):
                raise Unreachable(f"HTTP {answer.status_code}")
            raise NotTheAPI(f"it answered {answer.status_code} and no JSON of the API's")
        if told["code"] in _PASSING:
            raise Unreachable(str(told.get("detail")), after_s=float(told.get("retry_after") or 0))
        raise Refused(told)


def _json_of(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
