"""The PowerShell spelling: the table of cmdlets, their lines, their binding, their output."""
