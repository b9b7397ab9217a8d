"""Streams: text and data that grow piece by piece."""
