"""The registry as documents: OpenAPI, AsyncAPI, the table of errors, and pages to read them."""

from flask import Blueprint


def pages() -> Blueprint:
    return Blueprint("contract", __name__)
