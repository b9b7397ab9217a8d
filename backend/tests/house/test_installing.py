"""`make install` and `make run` with stand-ins for the tools that download: what is interrupted at any step is whole after the next run."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from fake_tools import install_fakes

ROOT = Path(__file__).parents[3]
INTERRUPTED = "crosstalk: interrupted; the same command goes on from here"


class Checkout:
    """The Makefile and the scripts of this checkout in a folder of their own, with nothing installed."""

    def __init__(self, folder: Path, tools: Path) -> None:
        self.folder = folder
        self._tools = tools
        self._steps = folder.with_name(f"{folder.name}.steps")
        shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("Makefile", "backend/requirements.lock", "backend/pyproject.toml", "frontend/package-lock.json"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        shutil.copytree(ROOT / "backend/installer", folder / "backend/installer")
        for name in ("__init__.py", "launch/__init__.py", "launch/processes.py"):
            (folder / "backend/crosstalk/launch").mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / "backend/crosstalk" / name, folder / "backend/crosstalk" / name)
        for name in ("package.json", ".npmrc", "index.html"):
            shutil.copy(ROOT / "frontend" / name, folder / "frontend" / name)

    def make(self, target: str, *, break_at: int = 0, by: signal.Signals = signal.SIGINT) -> subprocess.CompletedProcess[str]:
        """Runs a target. Ctrl-C, or the end of every process, comes in the step `break_at`."""
        self._steps.write_text("0")
        environment = {
            "PATH": str(self._tools), "PYTHON": str(self._tools / "python"), "STEPS": str(self._steps),
            "BREAK_AT": str(break_at), "SIGNAL": by.name.removeprefix("SIG"),
        }  # fmt: skip
        return subprocess.run(
            ["make", target], cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True, timeout=50, check=False,
        )  # fmt: skip

    @property
    def steps(self) -> int:
        return int(self._steps.read_text())

    def installed(self) -> dict[str, str]:
        """Every file that installing makes, with its content."""
        made = (self.folder / one for one in (".venv", ".node", "frontend/node_modules", "frontend/dist"))
        files = [file for folder in made for file in folder.rglob("*") if file.is_file()]
        return {str(one.relative_to(self.folder)): one.read_text().replace(str(self.folder), "") for one in files}

    def remove(self) -> None:
        for name in (".venv", ".node", "frontend/node_modules", "frontend/dist"):
            shutil.rmtree(self.folder / name, ignore_errors=True)


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_fakes(tmp_path_factory.mktemp("tools") / "bin")


@pytest.fixture
def checkout(tmp_path: Path, tools: Path) -> Checkout:
    return Checkout(tmp_path / "checkout", tools)


@pytest.mark.timeout(180)
def test_whatever_step_an_interruption_hits_the_next_run_is_whole(checkout: Checkout) -> None:
    ran = checkout.make("install")
    assert ran.returncode == 0, ran.stdout
    whole, steps = checkout.installed(), checkout.steps
    assert "half\n" not in whole.values()
    assert steps >= 12
    for step in range(1, steps + 1):
        checkout.remove()
        by = signal.SIGKILL if step % 3 else signal.SIGINT
        broken = checkout.make("install", break_at=step, by=by)
        assert broken.returncode != 0
        assert "Traceback" not in broken.stdout
        if by is signal.SIGINT:
            assert broken.stdout.count(INTERRUPTED) == 1, broken.stdout
            assert broken.stdout.rstrip().endswith(INTERRUPTED), broken.stdout
        again = checkout.make("install")
        assert again.returncode == 0, f"step {step}: {again.stdout}"
        assert checkout.installed() == whole, f"step {step}"


def test_the_second_run_installs_nothing_and_what_is_missing_is_installed_again(checkout: Checkout) -> None:
    first = checkout.make("run")
    assert first.returncode == 0
    assert first.stdout.splitlines()[-1] == "it runs"
    whole = checkout.installed()
    assert checkout.make("run").stdout == "it runs\n"
    assert checkout.steps == 0
    for gone in ("frontend/dist", "frontend/node_modules", ".venv", ".venv/bin"):
        shutil.rmtree(checkout.folder / gone)
        again = checkout.make("run")
        assert again.returncode == 0, again.stdout
        assert checkout.installed() == whole, gone


def test_an_update_that_is_interrupted_does_not_build_on_what_it_left(checkout: Checkout) -> None:
    checkout.make("install")
    whole = checkout.installed()
    for stale in (".venv/lib/flask/METADATA", ".venv/lib/flask/code"):
        (checkout.folder / stale).unlink()
    os.utime(checkout.folder / "backend/requirements.lock")
    assert checkout.make("install", break_at=1).returncode != 0
    assert (checkout.folder / ".venv/lib/flask/code").read_text() == "half\n"
    assert checkout.make("install").returncode == 0
    assert checkout.installed() == whole


def test_a_checkout_that_was_moved_is_installed_where_it_is(checkout: Checkout) -> None:
    checkout.make("install")
    whole = checkout.installed()
    checkout.folder = checkout.folder.rename(checkout.folder.with_name("moved"))
    assert checkout.make("run").stdout.splitlines()[-1] == "it runs"
    assert checkout.installed() == whole
    assert checkout.make("run").stdout == "it runs\n"


def test_without_uv_pip_installs(checkout: Checkout, tools: Path) -> None:
    (tools / "no-uv").touch()
    try:
        ran = checkout.make("run")
    finally:
        (tools / "no-uv").unlink()
    assert "with pip" in ran.stdout
    assert ran.stdout.splitlines()[-1] == "it runs"


def test_a_python_that_is_too_old_is_one_line(checkout: Checkout, tools: Path, tmp_path: Path) -> None:
    old = tmp_path / "bin"
    old.mkdir()
    for tool in tools.iterdir():
        (old / tool.name).symlink_to(tool)
    (old / "python").unlink()
    (old / "python").write_text('#!/bin/sh\n[ "$1" != --version ] || echo Python 3.9.2\nexit 1\n')
    (old / "python").chmod(0o755)
    checkout._tools = old
    ran = checkout.make("run")
    assert ran.returncode != 0
    said, make = ran.stdout.splitlines()
    assert said.startswith("crosstalk: Python 3.11 or newer is needed")
    assert make.startswith("make")
