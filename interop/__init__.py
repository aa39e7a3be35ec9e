"""Real clients of AWS, each tested with every channel of keystead that it supports."""
