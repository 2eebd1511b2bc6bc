"""A folder becomes a table: every radiograph in it answered, unattended, whatever interrupts."""
