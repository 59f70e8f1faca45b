"""How the models that come with this pack were made."""
