"""What profiles, credentials and plans are: values and pure functions, no outside world."""
