"""What a template and the function agree on: resource types, property names and variables, each written once.

The synthesis side imports this module and no other of the function's; the function imports nothing of that side.
"""

#: The Lambda handler, as it stands in the asset: the package `handler`, module `index`, function `handler`.
HANDLER = "handler.index.handler"

#: Environment variable: the partition's DNS suffix (`AWS::URLSuffix`), for the endpoints of EKS and STS.
URL_SUFFIX = "URL_SUFFIX"

#: Seconds after which the function is stopped. It answers before that in every case.
FUNCTION_TIMEOUT_SECONDS = 240

#: Seconds after which CloudFormation gives up waiting for an answer (`ServiceTimeout`); its own default is an hour.
#: An invocation that dies without an answer is repeated by Lambda after one minute: 240 + 60 + 240, and some.
SERVICE_TIMEOUT_SECONDS = 600


class AwsAuthEntry:
    """`Custom::AwsAuthEntry`: a role's entry in the ConfigMap `kube-system/aws-auth`."""

    TYPE = "Custom::AwsAuthEntry"

    #: The cluster's name, exactly as EKS has it.
    CLUSTER_NAME = "ClusterName"
    #: The role whose nodes may join.
    ROLE_ARN = "RoleArn"
    #: The role to assume for the Kubernetes API; absent or empty: the function's own.
    KUBECTL_ROLE_ARN = "KubectlRoleArn"

    #: Attribute: the role's ARN as it stands in the map, without a path.
    ATTRIBUTE_ROLE_ARN = "RoleArn"
    #: Attribute: what the user should know, separated by semicolons; empty if all is well.
    ATTRIBUTE_WARNINGS = "Warnings"
