"""What runs inside a lab, in a container or as a local process."""
