"""What developing keystead needs and its users never get: emulators, scenarios, the demo."""
