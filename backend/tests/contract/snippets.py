"""The code of the documentation, as it stands there: found, and run in the order in which a reader would.

A fence says in its first line what it is: `sh` is a command, `file=NAME` is a file that commands or a browser use, and
`not-run="reason"` is not executed. Nothing else may be fenced in a guide.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
ADDRESS = "http://localhost:5002"
GUIDES = sorted((ROOT / "docs/guides").glob("*.md"))
PATIENCE_S = 200
"""As slow as a loaded machine may be: some guides start a server, a second one and pytest."""
_FENCE = re.compile(r"^( *)```(\w*)([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
# What `jq` does in the guides, for machines that do not have it.
_JQ = """#!{python}
import json, sys
value = json.load(sys.stdin)
for name in sys.argv[2].split(".")[1:]:
    value = value[name]
print(value)
"""


@dataclass(frozen=True)
class Snippet:
    language: str
    code: str
    file: str | None
    not_run: str | None


def snippets_of(document: Path) -> list[Snippet]:
    found = []
    for indent, language, rest, code in _FENCE.findall(document.read_text(encoding="utf-8")):
        file, not_run = re.search(r"\bfile=(\S+)", rest), re.search(r'\bnot-run="([^"]+)"', rest)
        plain = re.sub(rf"^{indent}", "", code, flags=re.MULTILINE)
        found.append(Snippet(language, plain, file and file[1], not_run and not_run[1]))
    return found


class Workplace:
    """A folder as a reader has it: the files of a document, the packages that it says to install, and Crosstalk."""

    def __init__(self, folder: Path, document: Path, *, replaced: dict[str, str]) -> None:
        self.folder = folder
        self._replaced = replaced
        self.snippets = snippets_of(document)
        (folder / "node_modules").symlink_to(ROOT / "frontend/node_modules")
        (folder / ".venv").symlink_to(ROOT / ".venv")
        for one in self.snippets:
            if one.file is not None:
                (folder / one.file).write_text(self._local(one.code), encoding="utf-8")

    def run_commands(self) -> str:
        """Runs every command of the document in one shell, and returns what it wrote. The first failure ends it."""
        commands = [self._local(one.code) for one in self.snippets if one.language == "sh" and one.not_run is None]
        script = "\n".join(["set -euo pipefail", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT", *commands])
        ran = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert ran.returncode == 0, f"status {ran.returncode}\n{ran.stdout[-3000:]}\n{ran.stderr[-3000:]}"
        return ran.stdout

    def environment(self) -> dict[str, str]:
        """No settings of the machine, and the packages of the tests as `python3` has them."""
        tools = self.folder / "tools"
        tools.mkdir(exist_ok=True)
        if shutil.which("jq") is None:
            (tools / "jq").write_text(_JQ.format(python=sys.executable))
            (tools / "jq").chmod(0o755)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CROSSTALK_", "PYTEST_"))}
        # A guide runs pytest; the plugins of this one are slow to load.
        kept["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        return kept | {"PATH": f"{tools}:{ROOT / '.venv/bin'}:{ROOT / '.node/bin'}:{os.environ['PATH']}"}

    def _local(self, code: str) -> str:
        for written, here in self._replaced.items():
            code = code.replace(written, here)
        return code
