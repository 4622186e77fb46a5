"""The function behind the custom resources: what runs in Lambda. It never imports aws_cdk."""
