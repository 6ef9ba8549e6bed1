"""What of a lab outlives it."""
