"""The audit log: which program was handed which credentials."""
