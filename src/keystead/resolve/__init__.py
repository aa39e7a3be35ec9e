"""From a plan to credentials: the only place that calls AWS."""
