"""How an operator's commands reach the data: through the running server, or by themselves when none runs."""
