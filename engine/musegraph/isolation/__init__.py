"""Packs in a process and an environment of their own, kept from the rest of the machine.

``process`` is the side of the run, :mod:`musegraph.workers.isolated` the process itself, ``boot``
and ``cage`` what it goes through before any code of the pack is imported, ``wire`` what passes
between the two. No pickles; tensors lie in sealed shared memory.
"""
