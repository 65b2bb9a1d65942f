"""Deciding: whose money a bank line is, what it settles or moves, and whether a person has to look."""
