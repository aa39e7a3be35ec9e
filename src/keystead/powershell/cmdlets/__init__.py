"""The cmdlets: the rows of the table, each with the function that it names."""
