"""The root of the API: an answer for people who open its address, and for health checks that ask for nothing else."""

from flask import Response


def root() -> Response:
    """`GET /` and, as HAProxy's bare `option httpchk` asks, `OPTIONS /`."""
    return Response("The Crosstalk API. Its reference: docs\n", mimetype="text/plain")
