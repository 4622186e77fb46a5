"""The kinds of objects that this API serves, and the way from a request's path to one of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

ALL_VERBS = ("create", "delete", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of object: its names, its group, its scope and the verbs that it has."""

    plural: str
    kind: str
    group: str = ""
    namespaced: bool = True
    verbs: tuple[str, ...] = ALL_VERBS
    short_names: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """The API version; everything served here is v1."""
        return "v1"

    @property
    def api_version(self) -> str:
        """The `apiVersion` of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """Its name in messages, e.g. `roles.rbac.authorization.k8s.io`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


RBAC_GROUP = "rbac.authorization.k8s.io"

CONFIG_MAPS = Resource("configmaps", "ConfigMap", short_names=("cm",))
NAMESPACES = Resource(
    "namespaces",
    "Namespace",
    namespaced=False,
    verbs=("create", "get", "list", "patch", "update", "watch"),
    short_names=("ns",),
)
NODES = Resource("nodes", "Node", namespaced=False, short_names=("no",))
# Always empty: `kubectl describe` asks for the events of what it describes.
EVENTS = Resource("events", "Event", verbs=("get", "list", "watch"), short_names=("ev",))
ROLES = Resource("roles", "Role", RBAC_GROUP)
ROLE_BINDINGS = Resource("rolebindings", "RoleBinding", RBAC_GROUP)
CLUSTER_ROLES = Resource("clusterroles", "ClusterRole", RBAC_GROUP, namespaced=False)
CLUSTER_ROLE_BINDINGS = Resource("clusterrolebindings", "ClusterRoleBinding", RBAC_GROUP, namespaced=False)
# Questions rather than objects: answered, never stored.
SELF_SUBJECT_REVIEWS = Resource(
    "selfsubjectreviews", "SelfSubjectReview", "authentication.k8s.io", namespaced=False, verbs=("create",)
)
SELF_SUBJECT_ACCESS_REVIEWS = Resource(
    "selfsubjectaccessreviews", "SelfSubjectAccessReview", "authorization.k8s.io", namespaced=False, verbs=("create",)
)

RESOURCES = (
    CONFIG_MAPS,
    EVENTS,
    NAMESPACES,
    NODES,
    SELF_SUBJECT_REVIEWS,
    SELF_SUBJECT_ACCESS_REVIEWS,
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    ROLE_BINDINGS,
    ROLES,
)
_BY_NAME = {(resource.group, resource.plural): resource for resource in RESOURCES}
_BY_KIND = {(resource.api_version, resource.kind): resource for resource in RESOURCES}

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Key:
    """One object; or, without a name, all of a resource in a namespace."""

    resource: Resource
    #: "" for what is cluster-scoped.
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is about: a verb on an object or a resource, or else on a bare path."""

    verb: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    group: str = ""
    plural: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def resource(self) -> Resource | None:
        """The kind that is served under this name, if any."""
        return None if self.subresource else _BY_NAME.get((self.group, self.plural))


def resource_of(api_version: str, kind: str) -> Resource:
    """Find the resource of a manifest.

    Raises:
        ValueError: This API has no such kind.
    """
    try:
        return _BY_KIND[api_version, kind]
    except KeyError:
        known = ", ".join(sorted(kind for _, kind in _BY_KIND))
        raise ValueError(
            f"{api_version} {kind} is not served by the local Kubernetes API: use one of {known}"
        ) from None


def target_of(method: str, url: str) -> Target:
    """Read a request's method and URL as kube-apiserver does.

    A list whose field selector names one object is a request for that name, as far as authorisation is concerned.
    """
    split = urlsplit(url)
    query = dict(parse_qsl(split.query, keep_blank_values=True))
    parts = [unquote(part) for part in split.path.strip("/").split("/")]
    group, rest = _group_and_rest(parts)
    if not rest:
        return Target(verb=method.lower(), path=split.path, query=query)
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        # A namespace itself counts as being in itself.
        namespace = rest[1]
        rest = rest[2:] or rest
    plural, name = (*rest, "")[:2]
    subresource = "/".join(rest[2:])
    verb = _VERBS.get(method, "get")
    if verb == "get" and not name:
        verb = "watch" if query.get("watch") in ("1", "true") else "list"
        name = _named_by(query.get("fieldSelector", ""))
    elif verb == "delete" and not name:
        verb = "deletecollection"
    return Target(verb, split.path, query, group, plural, namespace, name, subresource)


def _group_and_rest(parts: list[str]) -> tuple[str, list[str]]:
    match parts:
        case ["api", "v1", *rest]:
            return "", rest
        case ["apis", group, "v1", *rest]:
            return group, rest
        case _:
            return "", []


def _named_by(selector: str) -> str:
    for term in selector.split(","):
        key, _, value = term.replace("==", "=").partition("=")
        if key == "metadata.name":
            return value
    return ""
