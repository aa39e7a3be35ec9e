"""The agent: a process of the user's own that holds opened keys and finished answers in memory.

`address` is all that the hot command needs to reach it, `client` is the way of the others;
`server`, `holder` and `commands` are the process itself. docs/agent.md describes the protocol.
"""
