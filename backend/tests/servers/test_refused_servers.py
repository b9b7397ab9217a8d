"""A server that does not fit is refused at start: one line that says what to change, an exit status, nothing listening."""

from dataclasses import replace

import pytest
from hosted import Begin
from misfits import GUNICORN, Misfit
from roster import APP, BY_NAME


@pytest.mark.seed("S3")
def test_a_server_that_does_not_fit_is_refused_in_one_line(misfit: Misfit, begin: Begin) -> None:
    server = begin(BY_NAME[misfit.environment], command=misfit.command, async_mode=misfit.mode, fastlane=misfit.fastlane)
    server.begin()
    assert server.wait(20) != 0, server.log()
    said = [line for line in server.log().splitlines() if line.startswith("crosstalk: ")]
    assert len(set(said)) == 1, server.log()
    assert all(part in said[0] for part in misfit.told), said
    assert "/crosstalk/" not in server.log(), "a traceback of ours"
    assert not server.is_listening()
    assert not server.has_processes()


def test_gunicorn_from_26_has_no_eventlet_worker(begin: Begin) -> None:
    without = replace(BY_NAME["threads"], command=(*GUNICORN, "-k", "eventlet", APP))
    server = begin(without)
    server.begin()
    assert server.wait(20) != 0
    assert "eventlet" in server.log()
    assert not server.is_listening()
