"""Processes that carry runs out for a server, and what is said between them.

``host`` is the server's side, ``child`` the process itself. Only lines of JSON pass between the
two: no pickles, no values, no models. A child that crashes, hangs or is killed takes one step with
it, by name, and nothing else.
"""
