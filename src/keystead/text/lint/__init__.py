"""What `keystead lint` sees in the text of one file, and how it comes from bytes to findings."""
