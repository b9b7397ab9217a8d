"""`crosstalk serve`: the API in the foreground, on the server for the async mode."""

from crosstalk.launch import async_mode
from crosstalk.launch.ports import PortError, check_free, is_activated
from crosstalk.settings import Settings


def serve(settings: Settings, *, quiet: bool = False, built_in: bool = False) -> None:
    """Serve until a signal ends it. Raises PortError or ModeError before anything else is done."""
    mode = async_mode.chosen(settings.async_mode)
    on_threads = mode == "threading" and not built_in
    if not is_activated():
        # The server looks again when it binds; here a taken port is refused before seconds go into importing the API.
        check_free(settings.host, settings.port, "CROSSTALK_PORT")
    elif not on_threads:
        raise PortError("systemd hands over a socket, and only the server with threads takes one; leave the socket unit out")
    # Imported when it is known: with green threads nothing of the application may be imported before the patch.
    if on_threads:
        from crosstalk.launch.threads import serve_threads

        serve_threads(settings, quiet=quiet)
    else:
        from crosstalk.launch.built_in import serve_built_in

        serve_built_in(settings, mode, quiet=quiet)
