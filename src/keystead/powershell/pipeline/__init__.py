"""The cmdlets that work on what other cmdlets put out: choose, order, count, show."""
