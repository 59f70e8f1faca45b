"""Pack `style`: pictures repainted in the manner of others."""
