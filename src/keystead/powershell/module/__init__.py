"""The PowerShell module `Keystead`: the files it consists of, and the answers to its functions."""
