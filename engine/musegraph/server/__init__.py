"""The server: a durable queue of runs, workers that carry them out, and a locked front door."""
