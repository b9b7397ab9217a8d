"""What every feature stands on. It knows no Flask, no Socket.IO, and no feature."""
