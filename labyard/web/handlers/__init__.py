"""One file for each page or resource."""
