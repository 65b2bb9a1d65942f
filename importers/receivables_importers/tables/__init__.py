"""Tables: CSV files and workbooks from anywhere, read safely; what all importers of tables have in common."""
