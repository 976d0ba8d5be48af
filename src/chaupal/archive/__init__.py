"""One file that holds a whole installation: writing it while the server runs, checking it, and putting it back."""
