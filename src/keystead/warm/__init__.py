"""The fork server: children of a process with keystead loaded run commands; see docs/agent.md."""
