"""The language: Beancount entries in, facts and problems out.

This package is the only reader of tags, links and metadata; `reading.read` is its one door. Importing
the package alone imports no Beancount.
"""
