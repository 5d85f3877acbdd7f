"""The machinery between a request and its commit: who may send, how much, and the one thread that writes.

Owns no table. Knows no HTTP. `api` asks it, `services.intake` writes for it.
"""
