"""AWS::S3::*: buckets and their policies, as far as CDK's bootstrap stack needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_aws.cloudformation.resources.kind import Kind, Made

if TYPE_CHECKING:
    from local_aws.cloudformation.resources.kind import Task


class Bucket(Kind):
    """AWS::S3::Bucket."""

    type = "AWS::S3::Bucket"
    properties = frozenset(
        {
            "AccessControl",
            "BucketEncryption",
            "BucketName",
            "LifecycleConfiguration",
            "PublicAccessBlockConfiguration",
            "Tags",
            "VersioningConfiguration",
        }
    )
    immutable = frozenset({"BucketName"})
    name_property = "BucketName"
    attributes = frozenset({"Arn", "DomainName", "DualStackDomainName", "RegionalDomainName", "WebsiteURL"})
    takes_stack_tags = True

    def create(self, task: Task) -> Made:
        """Create the bucket and set what the template says of it."""
        name = task.properties.get("BucketName") or task.name(limit=63).lower()
        location = None if task.region == "us-east-1" else {"LocationConstraint": task.region}
        task.call("s3", "create_bucket", Bucket=name, CreateBucketConfiguration=location)
        task.initiated(name)
        self._configure(task, name)
        return self._made(task, name)

    def update(self, task: Task) -> Made:
        """Set it anew, and take away what the template no longer says."""
        name = str(task.physical_id)
        gone = task.old_properties.keys() - task.properties.keys()
        for key, operation in (
            ("BucketEncryption", "delete_bucket_encryption"),
            ("LifecycleConfiguration", "delete_bucket_lifecycle"),
            ("PublicAccessBlockConfiguration", "delete_public_access_block"),
            ("Tags", "delete_bucket_tagging"),
        ):
            if key in gone:
                task.call("s3", operation, Bucket=name)
        self._configure(task, name)
        return self._made(task, name)

    def _configure(self, task: Task, name: str) -> None:
        properties = task.properties
        if "BucketEncryption" in properties:
            task.call(
                "s3", "put_bucket_encryption", Bucket=name, ServerSideEncryptionConfiguration=_encryption(properties)
            )
        if "PublicAccessBlockConfiguration" in properties:
            block = properties["PublicAccessBlockConfiguration"]
            task.call("s3", "put_public_access_block", Bucket=name, PublicAccessBlockConfiguration=block)
        if "VersioningConfiguration" in properties:
            configuration = properties["VersioningConfiguration"]
            task.call("s3", "put_bucket_versioning", Bucket=name, VersioningConfiguration=configuration)
        if "LifecycleConfiguration" in properties:
            rules = [_lifecycle_rule(rule) for rule in properties["LifecycleConfiguration"]["Rules"]]
            task.call("s3", "put_bucket_lifecycle_configuration", Bucket=name, LifecycleConfiguration={"Rules": rules})
        if properties.get("Tags"):
            task.call("s3", "put_bucket_tagging", Bucket=name, Tagging={"TagSet": properties["Tags"]})

    def _made(self, task: Task, name: str) -> Made:
        suffix = task.url_suffix
        return Made(
            name,
            {
                "Arn": f"arn:{task.partition}:s3:::{name}",
                "DomainName": f"{name}.s3.{suffix}",
                "DualStackDomainName": f"{name}.s3.dualstack.{task.region}.{suffix}",
                "RegionalDomainName": f"{name}.s3.{task.region}.{suffix}",
                "WebsiteURL": f"http://{name}.s3-website.{task.region}.{suffix}",
            },
        )

    def delete(self, task: Task) -> None:
        """Delete the bucket; objects in it make that fail."""
        task.call("s3", "delete_bucket", Bucket=task.physical_id)


def _encryption(properties: dict[str, Any]) -> dict[str, Any]:
    rules = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    renamed = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}
    return {"Rules": [{renamed.get(key, key): value for key, value in rule.items()} for rule in rules]}


def _lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """CloudFormation's names of a rule's parts differ from the API's."""
    made = {
        key: value
        for key, value in rule.items()
        if key not in ("Id", "NoncurrentVersionExpiration", "Prefix", "ExpirationInDays")
    }
    made["Filter"] = {"Prefix": rule.get("Prefix", "")}
    if "Id" in rule:
        made["ID"] = rule["Id"]
    if "ExpirationInDays" in rule:
        made["Expiration"] = {"Days": rule["ExpirationInDays"]}
    if "NoncurrentVersionExpiration" in rule:
        expiration = rule["NoncurrentVersionExpiration"]
        made["NoncurrentVersionExpiration"] = {
            "NoncurrentDays": expiration["NoncurrentDays"],
            **{key: expiration[key] for key in ("NewerNoncurrentVersions",) if key in expiration},
        }
    return made


class BucketPolicy(Kind):
    """AWS::S3::BucketPolicy."""

    type = "AWS::S3::BucketPolicy"
    properties = frozenset({"Bucket", "PolicyDocument"})
    required = properties
    immutable = frozenset({"Bucket"})

    def create(self, task: Task) -> Made:
        """Put the policy onto the bucket."""
        policy = _without_tls_rule(task.properties["PolicyDocument"])
        task.call("s3", "put_bucket_policy", Bucket=task.properties["Bucket"], Policy=policy)
        return Made(task.properties["Bucket"])

    def update(self, task: Task) -> Made:
        """Put it anew."""
        return self.create(task)

    def delete(self, task: Task) -> None:
        """Take it from the bucket."""
        task.call("s3", "delete_bucket_policy", Bucket=task.physical_id)


def _without_tls_rule(policy: dict[str, Any]) -> dict[str, Any]:
    """The local AWS is plain HTTP on the loopback interface, and would shut everybody out."""

    def is_tls_rule(statement: dict[str, Any]) -> bool:
        refused = statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
        return statement["Effect"] == "Deny" and str(refused).lower() == "false"

    return {**policy, "Statement": [statement for statement in policy["Statement"] if not is_tls_rule(statement)]}


KINDS: tuple[type[Kind], ...] = (Bucket, BucketPolicy)
