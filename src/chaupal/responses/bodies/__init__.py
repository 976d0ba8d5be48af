"""Answers as clients send them: what `actionBody` of a response holds, by the type of the action it answers."""
