"""Crosstalk: a self-hosted chat and live-events backend for a page on another origin."""

__version__ = "0.1.0"
