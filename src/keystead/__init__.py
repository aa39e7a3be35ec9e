"""AWS shared credentials, kept safe."""
