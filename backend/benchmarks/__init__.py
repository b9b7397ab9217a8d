"""`make bench`: the bars of the transport and of the store, measured side by side with peers in one run."""
