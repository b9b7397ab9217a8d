"""Looks up everything that is locked, for Python and for JavaScript, in the advisories of https://osv.dev.

Ends with 0 when no advisory is known, with 1 when there are some, and with 2 when the service cannot be reached: then nothing was
checked. Standard library only, so that the audit itself brings no dependency.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[1]
PYTHON_LOCKS = ["backend/requirements*.lock", "backend/locks/*.lock", "backend/installer/*.lock"]
JAVASCRIPT_LOCKS = ["frontend/package-lock.json", "backend/benchmarks/peers/package-lock.json"]
# https://google.github.io/osv.dev/post-v1-querybatch: at most 1,000 queries a request.
BATCH = 1000
PATIENCE_S = 30

Package = tuple[str, str, str]
"""Ecosystem, name, version."""


def locked(root: Path) -> dict[Package, list[str]]:
    """Every locked package, with the files that lock it."""
    found: dict[Package, list[str]] = {}
    for patterns, ecosystem, read in ((PYTHON_LOCKS, "PyPI", _python), (JAVASCRIPT_LOCKS, "npm", _javascript)):
        for path in sorted(one for pattern in patterns for one in root.glob(pattern)):
            for name, version in read(path.read_text()):
                files = found.setdefault((ecosystem, name, version), [])
                if (file := str(path.relative_to(root))) not in files:
                    files.append(file)
    return found


def _python(text: str) -> Iterator[tuple[str, str]]:
    yield from re.findall(r"^([A-Za-z0-9][\w.-]*)==(\S+)", text, re.MULTILINE)


def _javascript(text: str) -> Iterator[tuple[str, str]]:
    for path, package in json.loads(text)["packages"].items():
        if path and "version" in package:
            yield package.get("name") or path.rpartition("node_modules/")[2], package["version"]


def advisories(packages: list[Package], service: str) -> dict[Package, list[str]]:
    """The ids of the advisories of each package that has any. Raises OSError or ValueError when the service does not answer."""
    found = {}
    for start in range(0, len(packages), BATCH):
        batch = packages[start : start + BATCH]
        queries = [{"package": {"ecosystem": eco, "name": name}, "version": version} for eco, name, version in batch]
        body = json.dumps({"queries": queries}).encode()
        asking = Request(f"{service}/v1/querybatch", body, {"Content-Type": "application/json"})
        with urlopen(asking, timeout=PATIENCE_S) as answer:
            results = json.load(answer)["results"]
        if len(results) != len(batch):
            raise ValueError(f"{len(results)} answers to {len(batch)} questions")
        found |= {
            package: [one["id"] for one in result["vulns"]]
            for package, result in zip(batch, results, strict=True)
            if result.get("vulns")
        }
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--service", default="https://api.osv.dev", help="the address of a service that answers as osv.dev does"
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder whose locks are looked up")
    given = parser.parse_args()
    packages = locked(given.root)
    try:
        found = advisories(list(packages), given.service)
    except (URLError, OSError, ValueError, KeyError, TypeError) as gone:
        print(f"NOT CHECKED: {given.service} cannot be reached or gives no usable answer ({gone})", file=sys.stderr)
        return 2
    for package, ids in found.items():
        ecosystem, name, version = package
        print(f"{ecosystem} {name} {version} ({', '.join(packages[package])}): {', '.join(ids)}; see https://osv.dev/{ids[0]}")
    counts = {kind: sum(ecosystem == kind for ecosystem, _, _ in packages) for kind in ("PyPI", "npm")}
    looked_up = f"{counts['PyPI']} Python and {counts['npm']} JavaScript packages looked up"
    print(f"{looked_up}: " + (f"{len(found)} with advisories" if found else "no known advisory"))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
