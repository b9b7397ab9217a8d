"""Starting and stopping: the API under gunicorn, and for `make run` a supervisor that keeps it and the page alive."""
