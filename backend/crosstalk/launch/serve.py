"""`crosstalk serve`: the API in the foreground, on the server for the async mode."""

from crosstalk.launch import async_mode
from crosstalk.launch.ports import check_free
from crosstalk.settings import Settings


def serve(settings: Settings, *, quiet: bool = False, built_in: bool = False) -> None:
    """Serve until a signal ends it. Raises PortError or ModeError before anything else is done."""
    mode = async_mode.chosen(settings.async_mode)
    # The server looks again when it binds; here a taken port is told before seconds have gone into importing the API.
    check_free(settings.host, settings.port, "CROSSTALK_PORT")
    # Imported when it is known: with green threads nothing of the application may be imported before the patch.
    if mode == "threading" and not built_in:
        from crosstalk.launch.threads import serve_threads

        serve_threads(settings, quiet=quiet)
    else:
        from crosstalk.launch.built_in import serve_built_in

        serve_built_in(settings, mode, quiet=quiet)
