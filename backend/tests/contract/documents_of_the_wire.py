"""The committed documents as judges of what a server really says."""

import json
import re
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from rest import Answer

FORMATS = FormatChecker(formats=())
"""What the formats of the documents mean."""
FORMATS.checks("date-time")(lambda value: re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", str(value)) is not None)
FORMATS.checks("uri")(lambda value: re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/]+", str(value)) is not None)
COMMITTED = Path(__file__).parents[2] / "contract"


def committed(name: str) -> Any:
    return json.loads((COMMITTED / name).read_text(encoding="utf-8"))


def closed(value: Any) -> Any:
    """The same schemas, in which what is not named is not allowed: nothing may go out undocumented."""
    if isinstance(value, list):
        return [closed(one) for one in value]
    if not isinstance(value, dict):
        return value
    made = {name: closed(one) for name, one in value.items()}
    if made.get("type") == "object" and "properties" in made:
        made.setdefault("additionalProperties", False)
    return made


class Judge:
    """Checks each answer, ack and event, and keeps account of what has been seen."""

    def __init__(self) -> None:
        self.openapi: dict[str, Any] = closed(committed("openapi.json"))
        self.asyncapi: dict[str, Any] = closed(committed("asyncapi.json"))
        self._messages: dict[str, Any] = self.asyncapi["channels"]["chat"]["messages"]
        self.answered: set[tuple[str, str]] = set()
        self.acked: set[str] = set()
        self.heard: set[str] = set()

    def answer(self, method: str, template: str, answer: Answer) -> Any:
        """The body of a REST answer that is as documented."""
        operation = self.openapi["paths"][template][method.lower()]
        documented = operation["responses"].get(str(answer.status))
        assert documented is not None, f"{method} {template} answered {answer.status}, which is not documented: {answer.raw!r}"
        if "$ref" in documented:
            documented = self.openapi["components"]["responses"][documented["$ref"].rsplit("/", 1)[1]]
        self.answered.add((method, template))
        if "content" not in documented:
            assert answer.raw == b"", f"{method} {template} has a body that is not documented"
            return None
        kind = answer.headers["content-type"].split(";")[0]
        schema = documented["content"][kind]["schema"]
        body = answer.raw.decode() if kind == "text/plain" else answer.body
        _validate(self.openapi, schema, body, f"{method} {template} {answer.status}")
        return body

    def ack(self, command: str, ack: dict[str, Any]) -> Any:
        """The data of an ack that is as documented, or the error."""
        _validate(self.asyncapi, self._messages[f"{command}.ack"]["payload"], ack, f"the ack of {command}")
        self.acked.add(command)
        return ack["data"] if ack["ok"] else ack["error"]

    def event(self, name: str, payload: dict[str, Any]) -> None:
        _validate(self.asyncapi, self._messages[name]["payload"], payload, name)
        self.heard.add(name)

    def refusal_of_connect(self, message: str, refusal: dict[str, Any]) -> None:
        _validate(self.asyncapi, self._messages["connect_error"]["payload"], refusal, message)


def _validate(document: dict[str, Any], schema: dict[str, Any], value: Any, what: str) -> None:
    problems = Draft202012Validator({**schema, "components": document["components"]}, format_checker=FORMATS).iter_errors(value)
    said = [f"{problem.json_path}: {problem.message}" for problem in problems]
    assert not said, f"{what} is not as documented: {said}\n{value}"


def filled(template: str, ids: dict[str, str]) -> str:
    return re.sub(r"{(\w+)}", lambda found: ids[found.group(1)], template)
