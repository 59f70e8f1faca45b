"""SoundFont 2: files read with care, and scores played with what is in them."""
