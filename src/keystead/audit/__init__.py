"""The audit log: which program got which credentials."""
