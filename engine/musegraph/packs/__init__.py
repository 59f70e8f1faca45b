"""Packs as things to be written, tried, built and installed; nothing that runs a workflow needs it.

Checking and trying run its code in processes of their own, building and installing run none.
"""
