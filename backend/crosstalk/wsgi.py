"""For any WSGI server: `crosstalk.wsgi:app`. One process, since SQLite and the live connections belong to one."""

from crosstalk.app import create_app, prepare_database
from crosstalk.settings import load_settings

settings = load_settings()
prepare_database(settings)
app = create_app(settings)
app.extensions["crosstalk"].start()
