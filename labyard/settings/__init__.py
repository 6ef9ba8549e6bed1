"""What a site may set, and how it is read."""
