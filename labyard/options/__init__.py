"""What a person may choose for a server: one declaration for form, REST, links, command line and docs."""
