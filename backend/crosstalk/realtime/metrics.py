"""What /metrics tells of live connections."""

from prometheus_client import Counter, Gauge

connections = Gauge("crosstalk_connections", "Live connections", ["transport", "path"])
deliveries = Counter("crosstalk_deliveries", "Events handed to connections")
dropped = Counter("crosstalk_dropped", "Refused commands that asked for no ack")
cuts = Counter("crosstalk_cuts", "Connections that the server ended", ["reason"])
