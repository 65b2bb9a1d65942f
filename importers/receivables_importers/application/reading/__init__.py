"""Reading: what a bank line says: documents, references, names, months, and what its payer means to do."""
