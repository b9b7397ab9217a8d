"""The threads of a server stay on one CPU, and go to another when somebody needs that one."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from crosstalk.launch import one_cpu
from crosstalk.launch.one_cpu import OneCpu
from server import Server

Serve = Callable[..., Server]


class Machine:
    """CPUs whose use is said, and where this process was put."""

    def __init__(self, cpus: int) -> None:
        self.allowed = set(range(cpus))
        self.busy = dict.fromkeys(range(cpus + 1), 0.0)  # one more than this process may use
        self.own = 0.0
        self.now = 100.0
        self.placed: list[set[int]] = []

    def pass_seconds(self, seconds: float, own: float, **others: float) -> None:
        """`others`: what they use of `cpu0`, `cpu1`, …; `own` is what this process uses of the CPU on which it is."""
        self.now += seconds
        self.own += own * seconds
        (here,) = self.placed[-1]
        self.busy[here] += own * seconds
        for name, share in others.items():
            self.busy[int(name.removeprefix("cpu"))] += share * seconds


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(2)
    monkeypatch.setattr(os, "getpid", lambda: 0)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _thread: machine.allowed)
    monkeypatch.setattr(os, "sched_setaffinity", lambda _thread, cpus: machine.placed.append(set(cpus)))
    monkeypatch.setattr(one_cpu.time, "monotonic", lambda: machine.now)
    monkeypatch.setattr(one_cpu.time, "process_time", lambda: machine.own)
    monkeypatch.setattr(one_cpu, "_busy_seconds", lambda: dict(machine.busy))
    return machine


def test_all_threads_are_put_on_one_cpu_of_those_that_are_allowed(machine: Machine) -> None:
    machine.allowed = {5}
    assert OneCpu().cpu == 5
    assert machine.placed
    assert all(one == {5} for one in machine.placed)


@pytest.mark.parametrize(
    ("own", "others", "moves"),
    [
        (0.0, {}, False),
        (1.0, {}, False),  # busy with our own work
        (0.3, {"cpu0": 0.7}, True),
        (0.0, {"cpu0": 1.0}, True),
        (0.2, {"cpu0": 0.2}, False),  # there is room for both
        (0.5, {"cpu0": 0.5, "cpu1": 0.9}, False),  # it is no better there
        (0.5, {"cpu0": 0.5, "cpu1": 0.1}, True),
        (0.3, {"cpu0": 0.7, "cpu1": 1.0, "cpu2": 0.0}, False),  # the third is not for us
    ],
)
def test_it_moves_when_others_need_its_cpu_and_another_is_calmer(
    machine: Machine, own: float, others: dict[str, float], moves: bool
) -> None:
    one = OneCpu()
    before = len(machine.placed)
    machine.pass_seconds(1.5, own, **others)
    one.look()
    assert one.cpu == (1 if moves else 0)
    assert (len(machine.placed) > before) is moves


def test_it_looks_once_a_second(machine: Machine) -> None:
    one = OneCpu()
    machine.pass_seconds(0.9, 0.0, cpu0=1.0)
    one.look()
    assert one.cpu == 0
    machine.pass_seconds(0.2, 0.0, cpu0=1.0)
    one.look()
    assert one.cpu == 1
    machine.pass_seconds(1.1, 0.0, cpu1=1.0)
    one.look()
    assert one.cpu == 0, "what was before the last look does not count"


def _fails() -> None:
    raise ValueError("on purpose")


@pytest.mark.parametrize("work", [lambda: "done", _fails])
def test_what_computes_for_long_may_go_anywhere_and_comes_back(machine: Machine, work: Callable[[], object]) -> None:
    one = OneCpu()
    placed = len(machine.placed)
    try:
        assert one.everywhere(work) == "done"
    except ValueError:
        assert work is _fails
    assert machine.placed[placed:] == [{0, 1}, {0}]


def test_the_seconds_of_this_machine_can_be_read() -> None:
    busy = one_cpu._busy_seconds()
    assert set(busy) >= os.sched_getaffinity(0)
    assert all(seconds > 0 for seconds in busy.values())


@pytest.mark.parametrize("setting", ["on", "off"])
def test_the_server_keeps_to_it(serve: Serve, setting: str) -> None:
    server = serve(one_cpu=setting)
    threads = [int(one.name) for one in Path(f"/proc/{server.worker_pid}/task").iterdir()]
    places = {frozenset(os.sched_getaffinity(thread)) for thread in threads}
    assert len(threads) > 3
    if setting == "on":
        assert [len(one) for one in places] == [1]
    else:
        assert places == {frozenset(os.sched_getaffinity(0))}


def _refuse(code: int) -> Callable[..., object]:
    def refused(*_arguments: object) -> object:
        raise OSError(code, os.strerror(code))

    return refused


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOSYS, errno.ENOENT, errno.EMFILE, errno.EINVAL])
@pytest.mark.parametrize("call", ["sched_setaffinity", "sched_getaffinity", "_busy_seconds"])
@pytest.mark.parametrize("later", [False, True])
def test_what_a_sandbox_forbids_turns_it_off_with_one_line(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, code: int, call: str, later: bool
) -> None:
    with capture_logs() as lines:
        one = OneCpu() if later else None
        monkeypatch.setattr(one_cpu if call == "_busy_seconds" else os, call, _refuse(code))
        one = one or OneCpu()
        for _ in range(5):
            machine.now += 1.5
            one.look()
            assert one.everywhere(lambda: "done") == "done"
    gone = call != "sched_getaffinity" or not later  # after the start the allowed CPUs are known
    assert one.on is not gone
    assert [line["event"] for line in lines] == ["the threads are not kept on one CPU"] * gone


def test_a_platform_without_affinity_is_no_fault(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    assert not OneCpu().on


def test_when_it_turns_itself_off_later_the_threads_may_go_anywhere_again(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = OneCpu()
    monkeypatch.setattr(one_cpu, "_busy_seconds", _refuse(errno.EMFILE))
    machine.now += 1.5
    one.look()
    assert machine.placed[-1] == {0, 1}
