"""The one allow-list decides the same on every server, at every surface."""

import pytest
from hosted import Hosted
from origin_variants import disagreements


@pytest.mark.timeout(180)
def test_every_origin_gets_the_same_answer_at_every_surface(hosted: Hosted) -> None:
    assert disagreements(hosted.port) == []
