"""How the credentials of each kind of source are retrieved."""
