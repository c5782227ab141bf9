"""Servers on loopback that play mail providers, each after its vendor's API documents.

server.py is what they share; one file a provider, others.py for those with one message a call.
"""
