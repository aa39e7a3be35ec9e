"""Cmdlets of the AWS Tools for PowerShell: their table, language, binding and output."""
