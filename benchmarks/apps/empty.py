"""The floor: an empty CDK app."""

import aws_cdk

app = aws_cdk.App()
aws_cdk.Stack(app, "Empty")
app.synth()
