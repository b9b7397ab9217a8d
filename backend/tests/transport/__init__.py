"""The transport from outside: the rules of the protocols, frames by hand, abuse, noise and crowds. The same on every path."""
