"""The cmdlets that work on objects: filter, sort, measure, format."""
