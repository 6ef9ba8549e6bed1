"""Who did what, when and from where: a table that only grows, until what is old is let go."""
