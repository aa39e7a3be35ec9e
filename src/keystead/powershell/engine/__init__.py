"""Running cmdlets: their parameters, the state of the shell, the output as PowerShell shows it."""
