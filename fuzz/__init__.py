"""Coverage-guided fuzzing of the shared-file layer; `make fuzz` runs it."""
