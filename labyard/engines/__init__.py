"""What runs labs."""
