"""Run commands as clients of a server: processes, and the variables that they get."""
