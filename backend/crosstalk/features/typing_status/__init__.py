"""Who is writing at the moment."""
