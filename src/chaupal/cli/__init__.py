"""The command line: what an operator types. Rules live elsewhere; here are words, options and what is printed."""
