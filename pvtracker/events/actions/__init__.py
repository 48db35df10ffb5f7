"""Everything that writes events, their queries and drafts. One file per concern; import from the file."""
