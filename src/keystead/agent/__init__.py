"""The agent: a process of the user that caches opened keys and answers; see docs/agent.md."""
