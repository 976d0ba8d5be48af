"""How each type of action is sent and shown: the fields of its body, in every spelling that clients use."""
