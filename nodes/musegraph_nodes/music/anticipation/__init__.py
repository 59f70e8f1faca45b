"""Music as arrivals: events of the Anticipatory Music Transformer, and models that write them."""
