"""What every other package may use: no domain words live here."""
