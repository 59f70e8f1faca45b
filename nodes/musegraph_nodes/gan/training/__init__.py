"""Teaching a generator: what it is judged by, and one step."""
