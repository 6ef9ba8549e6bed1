"""How a person wants to be called, and the pages to look."""
