"""An AWS account in moto's backends, which are global to the process: each local AWS has its own, empty at first."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from moto import settings
from moto.core.base_backend import BackendDict
from moto.core.config import default_user_config
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.types import Base64EncodedString
from moto.ec2.models.launch_templates import LaunchTemplateVersion
from moto.ec2.utils import parse_user_data
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

#: Services of moto that templates like ours use, by the name in a signature's scope.
SERVICES = frozenset(
    {"autoscaling", "ec2", "ecr", "iam", "kms", "logs", "monitoring", "s3", "secretsmanager", "ssm", "sts", "tagging"}
)

_in_use: set[str] = set()
_lock = threading.Lock()


class MotoAccount:
    """Moto's services for one account, as a WSGI application."""

    def __init__(self) -> None:
        """Take the lowest account number that no other local AWS of this process uses."""
        _configure_moto()
        with _lock:
            number = int(DEFAULT_ACCOUNT_ID)
            while str(number) in _in_use:
                number += 1
            self.id = str(number)
            _in_use.add(self.id)
        self._forget()
        self._application = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request from this account's state, whoever signed it."""
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self.id
        answer: Iterable[bytes] = self._application(environ, start_response)
        return answer

    def close(self) -> None:
        """Forget everything in the account and give its number back."""
        self._forget()
        with _lock:
            _in_use.discard(self.id)

    def _forget(self) -> None:
        # Moto's own registry of the backends in use, which has no door.
        for backends in list(BackendDict._instances):  # type: ignore[misc]  # noqa: SLF001
            backends.pop(self.id, None)


def _configure_moto() -> None:
    """AWS's behaviour where moto's default is laxer, and nothing loaded that nobody asks for."""
    settings.ENABLE_AMI_VALIDATION = True
    settings.ENABLE_KEYPAIR_VALIDATION = True
    settings.EC2_ENABLE_INSTANCE_TYPE_VALIDATION = True
    default_user_config["iam"] = {"load_aws_managed_policies": True}
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
    # Moto keeps the user data of every version but the first as plain text, and launches nothing from such a version.
    LaunchTemplateVersion.user_data = property(_user_data)  # type: ignore[assignment,method-assign]  # no other door


def _user_data(version: LaunchTemplateVersion) -> Base64EncodedString | None:
    known = version.data.get("UserData")
    return known if isinstance(known, Base64EncodedString) else parse_user_data(known)
