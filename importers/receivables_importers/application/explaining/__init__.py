"""Explaining: which open items of a customer an amount pays, and why it is not all of them, or more."""
