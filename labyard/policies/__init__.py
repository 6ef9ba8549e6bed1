"""What people may have: everybody's share, and what groups grant beyond or instead of it."""
