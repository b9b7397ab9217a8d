"""`crosstalk wirecheck`: diagnosis, rows, diagnosis; and the exit status."""

from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from crosstalk.wirecheck.client import diagnosis
from crosstalk.wirecheck.client.findings import FAILED, Finding
from crosstalk.wirecheck.client.outcome import NAMESPACES, Outcome
from crosstalk.wirecheck.client.report import Lines, Page, Report
from crosstalk.wirecheck.client.run import row_names, run


class UsageError(ValueError):
    """What was asked for makes no sense. The text says what to write."""


def check(
    url: str,
    *,
    origin: str,
    transport: str,
    namespaces: Sequence[str],
    names: Sequence[str],
    slow: bool,
    as_json: bool,
) -> int:
    """0 when all rows passed, 1 when some failed or a browser would, 2 when there was no wire check to talk to."""
    url, chosen = _address(url), _chosen(names)
    _check_origin(origin)
    report: Report = Lines() if as_json else Page()
    seen = diagnosis.before(url, origin, transport)
    report.begin(url, seen)
    outcomes: list[Outcome] = []
    later: list[Finding] = []
    if not seen.rows_are_useless:
        try:
            for outcome in run(
                url, origin=origin, transport=transport, namespaces=namespaces or NAMESPACES, names=chosen, slow=slow
            ):
                outcomes.append(outcome)
                report.row(outcome)
            later = diagnosis.after(url, origin, [one for one in outcomes if not one.ok])
        finally:
            report.stop()
    failed = any(not one.ok for one in outcomes)
    status = max([FAILED if failed else 0, *(one.status for one in (*seen.found, *later))])
    report.end(outcomes, later, status)
    return status


def _address(text: str) -> str:
    """The API's address without a slash at the end. It may have a path: a proxy may serve the API below one."""
    parts = _parts(text, "the API's address", "http://localhost:5002")
    if parts.query or parts.fragment:
        raise UsageError(f"{text!r} has something after the path; write {parts.scheme}://{parts.netloc}{parts.path}")
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def _check_origin(text: str) -> None:
    parts = _parts(text, "an origin", "http://localhost:5173")
    origin = f"{parts.scheme}://{parts.netloc}"
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise UsageError(f"{text!r} has something after the port; write {origin}")
    if text != origin:
        raise UsageError(f"{text!r} is not an origin; write {origin}")


def _parts(text: str, what: str, example: str) -> SplitResult:
    if (parts := _read(text)) is not None:
        return parts
    # Most often the scheme is missing.
    likely = _read(f"http://{text}") if "://" not in text else None
    meant = f"http://{likely.netloc}" if likely is not None else example
    raise UsageError(f"{text!r} is not {what}; write it like {meant}")


def _read(text: str) -> SplitResult | None:
    """The parts of an http or https address; None when it is none."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        return None
    return parts if usable and parts.username is None else None


def _chosen(names: Sequence[str]) -> list[str]:
    """The rows of these names, or that begin so."""
    chosen: list[str] = []
    for name in names:
        found = [one for one in row_names() if one.lower() == name.lower()]
        found = found or [one for one in row_names() if one.lower().startswith(name.lower())]
        if not found:
            raise UsageError(f"there is no row {name!r}; there are: {'; '.join(row_names())}")
        chosen += found
    return chosen
