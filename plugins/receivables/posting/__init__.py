"""Posting: what the rules propose to book, as ledger text, and the one append that writes it when asked."""
