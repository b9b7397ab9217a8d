"""Text and series that appear piece by piece."""
