"""CDK apps to be timed as whole processes."""
