"""REST: the registry of operations as Flask routes, and what guards them."""
