"""Output and confirmation for plain commands and cmdlets: messages, tables, removing profiles."""
