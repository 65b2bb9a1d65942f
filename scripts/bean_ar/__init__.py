"""The command `bean-ar`: thin; everything it shows comes from `receivables`."""
