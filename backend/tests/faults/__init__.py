"""Kill, cut, race and starve the server, and check what it promised: docs/reliability.md.

A package, because its clients are lean ones of its own; `make test-faults` runs the long forms.
"""
