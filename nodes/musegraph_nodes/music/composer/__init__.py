"""A composer by rule: styles, forms, grooves and melodies; it teaches the model of this pack."""
