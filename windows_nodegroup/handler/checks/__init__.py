"""What can be known before nodes are launched: each check asks one question, and says when it could not ask."""
