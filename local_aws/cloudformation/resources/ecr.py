"""AWS::ECR::Repository, as far as CDK's bootstrap stack needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_aws.cloudformation.resources.kind import Kind, Made, change_tags
from local_aws.cloudformation.values import is_true

if TYPE_CHECKING:
    from local_aws.cloudformation.resources.kind import Task


class Repository(Kind):
    """AWS::ECR::Repository."""

    type = "AWS::ECR::Repository"
    properties = frozenset(
        {"EmptyOnDelete", "ImageTagMutability", "LifecyclePolicy", "RepositoryName", "RepositoryPolicyText", "Tags"}
    )
    immutable = frozenset({"RepositoryName"})
    name_property = "RepositoryName"
    attributes = frozenset({"Arn", "RepositoryUri"})
    takes_stack_tags = True

    def create(self, task: Task) -> Made:
        """Create the repository with its policies."""
        properties = task.properties
        repository = task.call(
            "ecr",
            "create_repository",
            repositoryName=properties.get("RepositoryName") or task.name().lower(),
            imageTagMutability=properties.get("ImageTagMutability"),
            tags=properties.get("Tags"),
        )["repository"]
        name = repository["repositoryName"]
        task.initiated(name)
        self._put_policies(task, name)
        return Made(name, {"Arn": repository["repositoryArn"], "RepositoryUri": repository["repositoryUri"]})

    def update(self, task: Task) -> Made:
        """Change mutability, policies and tags."""
        name, properties = str(task.physical_id), task.properties
        mutability = properties.get("ImageTagMutability", "MUTABLE")
        task.call("ecr", "put_image_tag_mutability", repositoryName=name, imageTagMutability=mutability)
        if "LifecyclePolicy" not in properties:
            task.call_if_there("ecr", "delete_lifecycle_policy", repositoryName=name)
        if "RepositoryPolicyText" not in properties:
            task.call_if_there("ecr", "delete_repository_policy", repositoryName=name)
        self._put_policies(task, name)
        repository = task.call("ecr", "describe_repositories", repositoryNames=[name])["repositories"][0]
        arn = repository["repositoryArn"]
        change_tags(task, "ecr", resourceArn=arn)
        return Made(name, {"Arn": arn, "RepositoryUri": repository["repositoryUri"]})

    def _put_policies(self, task: Task, name: str) -> None:
        lifecycle, policy = task.properties.get("LifecyclePolicy"), task.properties.get("RepositoryPolicyText")
        if lifecycle:
            task.call(
                "ecr", "put_lifecycle_policy", repositoryName=name, lifecyclePolicyText=lifecycle["LifecyclePolicyText"]
            )
        if policy:
            task.call("ecr", "set_repository_policy", repositoryName=name, policyText=policy)

    def delete(self, task: Task) -> None:
        """Delete the repository; images in it make that fail unless the template says to empty it."""
        force = is_true(task.properties.get("EmptyOnDelete"))
        task.call("ecr", "delete_repository", repositoryName=task.physical_id, force=force)


KINDS: tuple[type[Kind], ...] = (Repository,)
