"""Tools for developing keystead, not shipped: emulators, scenarios, the demo."""
