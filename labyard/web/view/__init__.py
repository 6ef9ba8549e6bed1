"""What pages show, decided here: pure functions from what is known to what is drawn."""
