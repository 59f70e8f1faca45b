"""Packs as things to be written, tried, built and installed; nothing that runs a workflow needs it.

Where a step runs code of a pack it does so in a process of its own. Building and installing run
none.
"""
