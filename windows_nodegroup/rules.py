"""The table of everything that is checked: one `Rule` each, in the order of the codes.

The first digit is the subject: 1 names and sizes, 2 images and versions, 3 instance types and purchase, 4 storage,
5 kubelet, 6 network and access, 7 tags, 8 user data. A code keeps its meaning for ever, and the code of a rule that is
gone is not used again.
"""

from __future__ import annotations

from .problems import Rule

_EC2 = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/"
_EKS = "https://docs.aws.amazon.com/eks/latest/userguide/"
_CLOUDFORMATION = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
_AUTO_SCALING = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/"
_EBS = "https://docs.aws.amazon.com/ebs/latest/userguide/"
_KUBERNETES = "https://kubernetes.io/docs/"
_SELF_MANAGED = _EKS + "launch-windows-workers.html"
_WINDOWS = _EKS + "windows-support.html"
_IMAGES = _EKS + "eks-optimized-windows-ami.html"
_BOOTSTRAP = _IMAGES + "#bootstrap-script-configuration-parameters"
_LABELS = _KUBERNETES + "concepts/overview/working-with-objects/labels/"
_TAINTS = _KUBERNETES + "concepts/scheduling-eviction/taint-and-toleration/"
_KUBELET = _KUBERNETES + "reference/command-line-tools-reference/kubelet/"
_ACCESS = _EKS + "setting-up-access-entries.html"
_CLUSTER_AUTOSCALER = (
    "https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md"
)
_TAGS = _EC2 + "Using_Tags.html#tag-restrictions"

# 1: names and sizes

CLUSTER_NAME = Rule(
    code="WNG101",
    severity="error",
    meaning="The cluster's name is none that EKS gives",
    cure=(
        "use the name exactly as EKS has it: at most 100 letters, digits, hyphens and underscores, the first a "
        "letter or digit"
    ),
    documentation=_SELF_MANAGED,
    good='cluster=EksCluster.from_attributes(cluster_name="my-cluster", vpc="vpc-1", version="1.33")',
    bad='cluster=EksCluster.from_attributes(cluster_name="my cluster", vpc="vpc-1", version="1.33")',
)
NODEGROUP_NAME = Rule(
    code="WNG102",
    severity="error",
    meaning="The node group's name is not well-formed",
    cure="use at most 63 letters, digits, hyphens and underscores, the first a letter or digit",
    documentation=_SELF_MANAGED,
    good='nodegroup_name="windows-2022"',
    bad='nodegroup_name="-windows"',
)
SIZE = Rule(
    code="WNG103",
    severity="error",
    meaning="A size is not a whole number of nodes",
    cure="use a whole number, 0 or more",
    documentation=_AUTO_SCALING + "asg-capacity-limits.html",
    good="min_size=0, desired_size=0, max_size=3",
    bad="min_size=-1",
)
MIN_ABOVE_MAX = Rule(
    code="WNG104",
    severity="error",
    meaning="The smallest size is above the largest",
    cure="raise max_size or lower min_size",
    documentation=_AUTO_SCALING + "asg-capacity-limits.html",
    good="min_size=1, max_size=3",
    bad="min_size=5, max_size=3",
)
DESIRED_OUT_OF_RANGE = Rule(
    code="WNG105",
    severity="error",
    meaning="The desired size is not between the smallest and the largest",
    cure="choose desired_size from min_size to max_size",
    documentation=_AUTO_SCALING + "asg-capacity-limits.html",
    good="min_size=1, desired_size=2, max_size=3",
    bad="min_size=1, desired_size=4, max_size=3",
)
MAX_UNAVAILABLE = Rule(
    code="WNG106",
    severity="error",
    meaning="The number of nodes that an update replaces at once is out of range",
    cure="use a whole number from 1 to 100",
    documentation=_CLOUDFORMATION + "aws-attribute-updatepolicy.html",
    good="max_unavailable=2",
    bad="max_unavailable=0",
)
BOOTSTRAP_TIMEOUT = Rule(
    code="WNG107",
    severity="error",
    meaning="The time in which a new node has to join is out of range",
    cure="use 1 minute to 1 hour, the longest that CloudFormation waits for a node during an update",
    documentation=_CLOUDFORMATION + "aws-attribute-updatepolicy.html",
    good="bootstrap_timeout=Duration.minutes(45)",
    bad="bootstrap_timeout=Duration.hours(2)",
)
TIMEOUT_WITH_FRACTION = Rule(
    code="WNG109",
    severity="error",
    meaning="The time in which a new node has to join is not a whole number of seconds",
    cure="use whole seconds, such as Duration.seconds(90)",
    documentation=_CLOUDFORMATION + "aws-attribute-creationpolicy.html",
    good="bootstrap_timeout=Duration.seconds(90)",
    bad="bootstrap_timeout=Duration.millis(90_500)",
)
INPUT_TYPE = Rule(
    code="WNG110",
    severity="error",
    meaning="An input is of another type than it takes",
    cure=(
        "give what it takes: text and versions in quotes, True or False without, a list in square brackets even of "
        "one, a mapping in braces, an object of the class"
    ),
    documentation="https://docs.aws.amazon.com/cdk/v2/guide/work-with-cdk-python.html",
    good='instance_types=["t3.large"]',
    bad='instance_types="t3.large"',
)

# 2: images and versions

IMAGE_PINNED = Rule(
    code="WNG201",
    severity="warning",
    meaning="The image is pinned, but AWS makes its EKS images for Windows private after four months",
    cure="let AWS's parameter choose the image, or renew the id (or the cached context) in time and acknowledge this",
    documentation=_IMAGES,
    good="ami=WindowsAmi.server_2022()",
    bad='ami=WindowsAmi.custom(image_id="ami-0123456789abcdef0", windows_version=WindowsVersion.SERVER_2022)',
)
WINDOWS_TOO_NEW = Rule(
    code="WNG202",
    severity="error",
    meaning="The Kubernetes version is older than this Windows version needs",
    cure="upgrade the cluster or choose an older Windows version",
    documentation=_IMAGES,
    good='ami=WindowsAmi.server_2025(), kubernetes_version="1.35"',
    bad='ami=WindowsAmi.server_2025(), kubernetes_version="1.34"',
)
KUBERNETES_VERSION = Rule(
    code="WNG203",
    severity="error",
    meaning="The Kubernetes version is not written as EKS writes it",
    cure='write major and minor version alone, such as "1.33"',
    documentation=_EKS + "kubernetes-versions.html",
    good='kubernetes_version="1.33"',
    bad='kubernetes_version="v1.33.2"',
)
NO_VERSION_AND_NO_IMAGE = Rule(
    code="WNG204",
    severity="error",
    meaning="Neither the Kubernetes version is known nor an image given",
    cure=(
        'give kubernetes_version="1.33" (it is part of the name under which AWS publishes the image), or an image '
        "with WindowsAmi.custom"
    ),
    documentation=_IMAGES,
    good='cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1"), kubernetes_version="1.33"',
    bad='cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1")',
)
CUSTOM_IMAGE_SOURCE = Rule(
    code="WNG205",
    severity="error",
    meaning="A custom image has no id and no parameter, or both",
    cure="give WindowsAmi.custom either image_id or ssm_parameter",
    documentation=_IMAGES,
    good='ami=WindowsAmi.custom(ssm_parameter="/golden/windows", windows_version=WindowsVersion.SERVER_2022)',
    bad="ami=WindowsAmi.custom(windows_version=WindowsVersion.SERVER_2022)",
)
CUSTOM_IMAGE_WITHOUT_VERSION = Rule(
    code="WNG206",
    severity="error",
    meaning="A custom image does not say which Windows it holds",
    cure=(
        "add windows_version, such as WindowsVersion.SERVER_2022: containers run only on the version they were "
        "built for"
    ),
    documentation=_WINDOWS,
    good='ami=WindowsAmi.custom(ssm_parameter="/golden/windows", windows_version=WindowsVersion.SERVER_2022)',
    bad='ami=WindowsAmi.custom(ssm_parameter="/golden/windows")',
)
IMAGE_ID = Rule(
    code="WNG207",
    severity="error",
    meaning="The image's id is not well-formed",
    cure="use an id such as ami-0123456789abcdef0",
    documentation=_EC2 + "finding-an-ami.html",
    good='ami=WindowsAmi.custom(image_id="ami-0123456789abcdef0", windows_version=WindowsVersion.SERVER_2022)',
    bad='ami=WindowsAmi.custom(image_id="Windows_Server-2022", windows_version=WindowsVersion.SERVER_2022)',
)
SSM_PARAMETER = Rule(
    code="WNG208",
    severity="error",
    meaning="The parameter's name is not well-formed",
    cure=(
        "use the name of a parameter in Systems Manager, such as /golden/windows, with a version after a colon if "
        "it is to be pinned"
    ),
    documentation="https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html",
    good='ami=WindowsAmi.custom(ssm_parameter="/golden/windows:3", windows_version=WindowsVersion.SERVER_2022)',
    bad='ami=WindowsAmi.custom(ssm_parameter="golden windows", windows_version=WindowsVersion.SERVER_2022)',
)
WINDOWS_VERSION = Rule(
    code="WNG209",
    severity="error",
    meaning="EKS does not know the Windows version",
    cure="use WindowsVersion.SERVER_2019, SERVER_2022 or SERVER_2025",
    documentation=_WINDOWS,
    good='ami=WindowsAmi.custom(ssm_parameter="/golden/windows", windows_version="2019")',
    bad='ami=WindowsAmi.custom(ssm_parameter="/golden/windows", windows_version="2016")',
)
IMAGE_LOOKUP_NEEDS_LITERALS = Rule(
    code="WNG210",
    severity="error",
    meaning="An image is to be kept in the context, and it is not known at synthesis where to look, or for which",
    cure=(
        "give the stack env=cdk.Environment(account=..., region=...) and the Kubernetes version as text, or choose "
        "another AmiRefresh"
    ),
    documentation="https://docs.aws.amazon.com/cdk/v2/guide/configure-env.html",
    good='ami=WindowsAmi.server_2022(), kubernetes_version=cdk.Fn.ref("Version")',
    bad='ami=WindowsAmi.server_2022(refresh=AmiRefresh.WHEN_CLEARED), kubernetes_version=cdk.Fn.ref("Version")',
)
WINDOWS_EDITION = Rule(
    code="WNG211",
    severity="error",
    meaning="AWS publishes no image for EKS of the edition",
    cure="use WindowsEdition.CORE or WindowsEdition.FULL",
    documentation=_IMAGES,
    good="ami=WindowsAmi.server_2022(WindowsEdition.FULL)",
    bad='ami=WindowsAmi.server_2022("Nano")',
)

# 3: instance types and purchase

INSTANCE_TYPE = Rule(
    code="WNG301",
    severity="error",
    meaning="An instance type is not well-formed",
    cure="use a family and a size, such as m6i.large",
    documentation="https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html",
    good='instance_types=["m6i.large"]',
    bad='instance_types=["large"]',
)
NOT_FOR_WINDOWS = Rule(
    code="WNG302",
    severity="error",
    meaning="The instance type cannot run Windows pods",
    cure=(
        "choose another family, such as m6i, c6i, r6i or t3: EKS excludes C3, C4, D2, I2, M4 (but m4.16xlarge), "
        "M6a and R3, and Macs run no Windows"
    ),
    documentation=_WINDOWS,
    good='instance_types=["m4.16xlarge"]',
    bad='instance_types=["m6a.large"]',
)
ARM = Rule(
    code="WNG303",
    severity="error",
    meaning="The instance type has an Arm processor, for which there is no Windows image",
    cure="choose a family with an x86_64 processor, such as m6i instead of m6g",
    documentation=_WINDOWS,
    good='instance_types=["g4dn.xlarge"]',
    bad='instance_types=["m6g.large"]',
)
ACCELERATOR = Rule(
    code="WNG304",
    severity="warning",
    meaning="The instance type has a GPU or another accelerator, for which the image holds no driver",
    cure=(
        "install the driver and a device plugin (in a custom image or in pre_bootstrap_commands) and acknowledge "
        "this, or choose another type"
    ),
    documentation=_IMAGES,
    good='instance_types=["m6i.xlarge"]',
    bad='instance_types=["g5.xlarge"]',
)
LITTLE_MEMORY = Rule(
    code="WNG305",
    severity="warning",
    meaning="The instance type has at most 2 GiB of memory, about what Windows itself needs",
    cure="choose the size medium or larger; large is the smallest that is of use for most",
    documentation="https://docs.aws.amazon.com/eks/latest/best-practices/windows-oom.html",
    good='instance_types=["t3.large"]',
    bad='instance_types=["t3.small"]',
)
INSTANCE_TYPES = Rule(
    code="WNG306",
    severity="error",
    meaning="The instance types are not a list of 1 to 40",
    cure="list 1 to 40 types; each may be a token, but not the list, which has to be known at synthesis",
    documentation=_AUTO_SCALING + "ec2-auto-scaling-mixed-instances-groups.html",
    good='instance_types=["m6i.large", "m5.large"]',
    bad="instance_types=[]",
)
INSTANCE_TYPE_TWICE = Rule(
    code="WNG307",
    severity="error",
    meaning="An instance type is listed twice",
    cure="list each instance type once",
    documentation=_AUTO_SCALING + "ec2-auto-scaling-mixed-instances-groups.html",
    good='instance_types=["m6i.large", "m5.large"]',
    bad='instance_types=["m6i.large", "m6i.large"]',
)
CAPACITY_TYPE = Rule(
    code="WNG308",
    severity="error",
    meaning="The capacity type is unknown",
    cure="use CapacityType.ON_DEMAND or CapacityType.SPOT",
    documentation=_AUTO_SCALING + "ec2-auto-scaling-mixed-instances-groups.html",
    good="capacity_type=CapacityType.SPOT",
    bad='capacity_type="CHEAP"',
)
SPOT_WITH_RESERVATION = Rule(
    code="WNG309",
    severity="error",
    meaning="Spot instances cannot use a capacity reservation",
    cure="drop capacity_reservation, or use on-demand instances alone",
    documentation=_EC2 + "ec2-capacity-reservations.html",
    good='capacity_reservation=CapacityReservation.of("cr-0123456789abcdef0")',
    bad='capacity_type=CapacityType.SPOT, capacity_reservation=CapacityReservation.of("cr-0123456789abcdef0")',
)
DISTRIBUTION = Rule(
    code="WNG310",
    severity="error",
    meaning="The distribution between on-demand and spot instances is out of range",
    cure="use a base of 0 or more and a percentage from 0 to 100, both whole numbers",
    documentation=_AUTO_SCALING + "ec2-auto-scaling-mixed-instances-groups.html",
    good=(
        "instances_distribution=InstancesDistribution(on_demand_base_capacity=1, "
        "on_demand_percentage_above_base_capacity=25)"
    ),
    bad="instances_distribution=InstancesDistribution(on_demand_percentage_above_base_capacity=125)",
)
DISTRIBUTION_AND_TYPE = Rule(
    code="WNG311",
    severity="error",
    meaning="Both a capacity type and a distribution say how instances are bought",
    cure="give capacity_type (all of one kind) or instances_distribution (a mixture)",
    documentation=_AUTO_SCALING + "ec2-auto-scaling-mixed-instances-groups.html",
    good="instances_distribution=InstancesDistribution(on_demand_base_capacity=1)",
    bad="instances_distribution=InstancesDistribution(on_demand_base_capacity=1), capacity_type=CapacityType.SPOT",
)
CAPACITY_TYPE_TOKEN = Rule(
    code="WNG312",
    severity="error",
    meaning="The capacity type is known only to the deployment, but it decides which properties the template has",
    cure=(
        "give CapacityType.ON_DEMAND or CapacityType.SPOT itself; where a parameter is to decide, make it the "
        "percentage of an InstancesDistribution"
    ),
    documentation=_AUTO_SCALING + "ec2-auto-scaling-mixed-instances-groups.html",
    good="capacity_type=CapacityType.SPOT",
    bad='capacity_type=cdk.Fn.ref("CapacityType")',
)
CAPACITY_RESERVATION = Rule(
    code="WNG313",
    severity="error",
    meaning="A capacity reservation names nothing, or not in the way of EC2",
    cure=(
        "use one of CapacityReservation.of with an id such as cr-0123456789abcdef0, of_group with the ARN of a "
        "resource group, any_open and none"
    ),
    documentation=_EC2 + "ec2-capacity-reservations.html",
    good='capacity_reservation=CapacityReservation.of("cr-0123456789abcdef0")',
    bad='capacity_reservation=CapacityReservation.of("windows")',
)
ALLOCATION_STRATEGY = Rule(
    code="WNG314",
    severity="error",
    meaning="Auto Scaling does not know the allocation strategy",
    cure="use a SpotAllocationStrategy for spot instances and an OnDemandAllocationStrategy for the others",
    documentation=_AUTO_SCALING + "allocation-strategies.html",
    good=(
        "instances_distribution=InstancesDistribution("
        "spot_allocation_strategy=SpotAllocationStrategy.CAPACITY_OPTIMIZED)"
    ),
    bad='instances_distribution=InstancesDistribution(spot_allocation_strategy="cheapest")',
)
SPOT_MAX_PRICE = Rule(
    code="WNG315",
    severity="error",
    meaning="The most to pay for a spot instance is not a price",
    cure='write USD an hour as text, such as "0.25", or leave it out, which means the on-demand price',
    documentation=_AUTO_SCALING + "ec2-auto-scaling-mixed-instances-groups.html",
    good='instances_distribution=InstancesDistribution(spot_max_price="0.25")',
    bad='instances_distribution=InstancesDistribution(spot_max_price="$0.25")',
)

# 4: storage

DISK_TOO_SMALL = Rule(
    code="WNG401",
    severity="error",
    meaning="The root volume is smaller than the image",
    cure="use at least 50 GiB",
    documentation=_SELF_MANAGED,
    good="disk_size=50",
    bad="disk_size=30",
)
VOLUME_SIZE = Rule(
    code="WNG402",
    severity="error",
    meaning="A volume's size is out of the range of its type",
    cure="use 1 GiB to 64 TiB for gp3, 4 GiB to 64 TiB for io2, 1 GiB to 16 TiB for gp2, 4 GiB to 16 TiB for io1",
    documentation=_EBS + "ebs-volume-types.html",
    good='volumes={"xvdf": EbsVolume(size=100)}',
    bad='volumes={"xvdf": EbsVolume(size=100_000)}',
)
VOLUME_IOPS = Rule(
    code="WNG403",
    severity="error",
    meaning="A volume's IOPS are missing or out of the range of its type and size",
    cure=(
        "use 3000 to 80000 and at most 500 per GiB for gp3, 100 to 256000 and at most 1000 per GiB for io2, 100 to "
        "64000 and at most 50 per GiB for io1, none for gp2"
    ),
    documentation=_EBS + "ebs-volume-types.html",
    good="root_volume=EbsVolume(volume_type=EbsVolumeType.IO2, iops=10_000)",
    bad="root_volume=EbsVolume(volume_type=EbsVolumeType.IO2)",
)
VOLUME_THROUGHPUT = Rule(
    code="WNG404",
    severity="error",
    meaning="A volume's throughput is out of the range of its type and IOPS",
    cure="use 125 to 2000 MiB/s and at most a quarter of the IOPS for gp3, none for the other types",
    documentation=_EBS + "general-purpose.html",
    good="root_volume=EbsVolume(throughput=250)",
    bad="root_volume=EbsVolume(throughput=3000)",
)
CUSTOMER_KEY = Rule(
    code="WNG405",
    severity="warning",
    meaning="A volume is encrypted with a key of your own, which has to admit Auto Scaling or no instance starts",
    cure=(
        "let the key's policy admit the role AWSServiceRoleForAutoScaling (use of the key, and kms:CreateGrant for "
        "AWS resources), then acknowledge this"
    ),
    documentation=_AUTO_SCALING + "key-policy-requirements-EBS-encryption.html",
    good="root_volume=EbsVolume()",
    bad='root_volume=EbsVolume(kms_key="arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")',
)
KEY_WITHOUT_ENCRYPTION = Rule(
    code="WNG406",
    severity="error",
    meaning="A key is given for a volume that is not encrypted",
    cure="drop kms_key or encrypted=False",
    documentation=_EBS + "ebs-encryption.html",
    good="root_volume=EbsVolume(encrypted=False)",
    bad='root_volume=EbsVolume(encrypted=False, kms_key="alias/aws/ebs")',
)
DEVICE_NAME = Rule(
    code="WNG407",
    severity="error",
    meaning="A device name is not one that Windows instances offer for further volumes",
    cure=(
        "use xvdb to xvdz, xvdba to xvdcz, or /dev/sdb to /dev/sde; /dev/sda1 is the root volume, which "
        "root_volume describes"
    ),
    documentation=_EC2 + "device_naming.html",
    good='volumes={"xvdf": EbsVolume(size=100)}',
    bad='volumes={"D:": EbsVolume(size=100)}',
)
TWO_DISK_SIZES = Rule(
    code="WNG408",
    severity="error",
    meaning="The root volume has two sizes",
    cure="give disk_size or root_volume's size",
    documentation=_SELF_MANAGED,
    good="root_volume=EbsVolume(size=80)",
    bad="disk_size=60, root_volume=EbsVolume(size=80)",
)
VOLUME_WITHOUT_SIZE = Rule(
    code="WNG409",
    severity="error",
    meaning="A further volume has neither a size nor a snapshot",
    cure="give size or snapshot_id",
    documentation=_EC2 + "block-device-mapping-concepts.html",
    good='volumes={"xvdf": EbsVolume(snapshot_id="snap-0123456789abcdef0")}',
    bad='volumes={"xvdf": EbsVolume()}',
)
VOLUME_TYPE = Rule(
    code="WNG410",
    severity="error",
    meaning="A volume's type is not one of the solid state ones",
    cure="use an EbsVolumeType: GP2, GP3, IO1 or IO2",
    documentation=_EBS + "ebs-volume-types.html",
    good="root_volume=EbsVolume(volume_type=EbsVolumeType.GP3)",
    bad='root_volume=EbsVolume(volume_type="st1")',
)

# 5: kubelet

LABEL_KEY = Rule(
    code="WNG501",
    severity="error",
    meaning="A label's key is not one that Kubernetes accepts",
    cure=(
        "use at most 63 letters, digits, hyphens, underscores and dots, the first and last a letter or digit; a "
        "DNS name and a slash may stand before"
    ),
    documentation=_LABELS,
    good='labels={"example.com/team": "blue"}',
    bad='labels={"team!": "blue"}',
)
LABEL_VALUE = Rule(
    code="WNG502",
    severity="error",
    meaning="A label's value is not one that Kubernetes accepts",
    cure=(
        "use at most 63 letters, digits, hyphens, underscores and dots, the first and last a letter or digit; "
        "or an empty one"
    ),
    documentation=_LABELS,
    good='labels={"team": "blue"}',
    bad='labels={"team": "blue team"}',
)
LABEL_RESERVED = Rule(
    code="WNG503",
    severity="error",
    meaning="A label's prefix is reserved: kubelet refuses to start with it",
    cure="use a prefix of your own, or one that ends in node.kubernetes.io or kubelet.kubernetes.io",
    documentation=_KUBERNETES + "reference/access-authn-authz/admission-controllers/#noderestriction",
    good='labels={"node.kubernetes.io/pool": "windows"}',
    bad='labels={"node-role.kubernetes.io/worker": ""}',
)
LABEL_OF_KUBELET = Rule(
    code="WNG504",
    severity="warning",
    meaning="A label is one that Kubernetes sets by itself; another value misleads the scheduler",
    cure="leave it out",
    documentation=_KUBERNETES + "reference/labels-annotations-taints/",
    good='labels={"os": "windows"}',
    bad='labels={"kubernetes.io/os": "windows"}',
)
TAINT = Rule(
    code="WNG505",
    severity="error",
    meaning="A taint is not one that Kubernetes accepts",
    cure="write key and value like those of a label, and an effect from TaintEffect",
    documentation=_TAINTS,
    good='taints=[TaintSpec(key="os", value="windows", effect=TaintEffect.NO_SCHEDULE)]',
    bad='taints=[TaintSpec(key="os", value="windows server", effect=TaintEffect.NO_SCHEDULE)]',
)
TAINT_TWICE = Rule(
    code="WNG506",
    severity="error",
    meaning="Two taints have the same key and effect",
    cure="keep one of them",
    documentation=_TAINTS,
    good='taints=[TaintSpec(key="os"), TaintSpec(key="os", effect=TaintEffect.NO_EXECUTE)]',
    bad='taints=[TaintSpec(key="os"), TaintSpec(key="os", value="windows")]',
)
MAX_PODS = Rule(
    code="WNG507",
    severity="error",
    meaning="The most pods on a node are none, or more than the instance type can have addresses for",
    cure="use a whole number from 1 to 16 times (addresses of a network interface - 1)",
    documentation=_EKS + "choosing-instance-type.html",
    good='max_pods=9, instance_types=["m6i.large"]',
    bad='max_pods=200, instance_types=["m6i.large"]',
)
MAX_PODS_NEED_PREFIXES = Rule(
    code="WNG508",
    severity="warning",
    meaning="The most pods on a node are more than the addresses of the instance type's network interface",
    cure="lower max_pods, or enable prefix delegation for Windows in the cluster and acknowledge this",
    documentation="https://docs.aws.amazon.com/eks/latest/best-practices/prefix-mode-win.html",
    good='max_pods=9, instance_types=["m6i.large"]',
    bad='max_pods=100, instance_types=["m6i.large"]',
)
EXTRA_ARGUMENT = Rule(
    code="WNG509",
    severity="error",
    meaning="An extra argument for kubelet or kube-proxy would not arrive as it is written",
    cure=(
        'write each as one word, such as "--v=4", without spaces, quotes or control characters: the bootstrap '
        "script joins them into one command line"
    ),
    documentation=_BOOTSTRAP,
    good='kubelet_extra_args=["--v=4"]',
    bad='kubelet_extra_args=["--v 4"]',
)
ARGUMENT_TWICE = Rule(
    code="WNG510",
    severity="error",
    meaning="An extra argument for kubelet repeats what labels, taints or max_pods already say",
    cure="use labels, taints and max_pods alone",
    documentation=_KUBELET,
    good='labels={"team": "blue"}, kubelet_extra_args=["--v=4"]',
    bad='labels={"team": "blue"}, kubelet_extra_args=["--node-labels=os=windows"]',
)
PARAMETER_TWICE = Rule(
    code="WNG511",
    severity="error",
    meaning="Raw arguments of the bootstrap script repeat a parameter that another input already gives",
    cure="drop the parameter from bootstrap_arguments: PowerShell refuses one that is given twice",
    documentation=_BOOTSTRAP,
    good="bootstrap_arguments=\"-KubeletExtraArgs '--v=4'\"",
    bad="bootstrap_arguments=\"-KubeletExtraArgs '--v=4'\", max_pods=9",
)
NO_HINT_OF_PODS = Rule(
    code="WNG512",
    severity="warning",
    meaning="How many Windows pods fit on a node is not known, so cluster-autoscaler does not grow the group from zero",
    cure=(
        "give the Auto Scaling group, node.default_child, the tag "
        "k8s.io/cluster-autoscaler/node-template/resources/vpc.amazonaws.com/PrivateIPv4Address with the IPv4 "
        "addresses of the type's network interface less one, or raise min_size, and acknowledge this"
    ),
    documentation=_CLUSTER_AUTOSCALER,
    good='cluster_autoscaler=True, min_size=0, instance_types=["m5zn.large"]',
    bad='cluster_autoscaler=True, min_size=0, instance_types=["u-6tb1.56xlarge"]',
)
ONE_HINT_FOR_TAINTS = Rule(
    code="WNG513",
    severity="warning",
    meaning="Taints have the same key, and cluster-autoscaler is told of the last alone, because a tag holds one value",
    cure=(
        "give the taints different keys, or have the pods that are for these nodes tolerate the key with every effect, "
        "and acknowledge this"
    ),
    documentation=_CLUSTER_AUTOSCALER,
    good='cluster_autoscaler=True, taints=[TaintSpec(key="os"), TaintSpec(key="team", effect=TaintEffect.NO_EXECUTE)]',
    bad='cluster_autoscaler=True, taints=[TaintSpec(key="os"), TaintSpec(key="os", effect=TaintEffect.NO_EXECUTE)]',
)
UNREADABLE_ITEM = Rule(
    code="WNG515",
    severity="error",
    meaning="An extra argument gives a label or taint that kubelet cannot read",
    cure="write labels as key=value and taints as key=value:effect, or use labels and taints",
    documentation=_KUBELET,
    good='kubelet_extra_args=["--node-labels=team=blue", "--register-with-taints=os=windows:NoSchedule"]',
    bad='kubelet_extra_args=["--node-labels=team"]',
)

# 6: network and access

ENDPOINT_OR_AUTHORITY = Rule(
    code="WNG601",
    severity="error",
    meaning="Of the cluster's endpoint and certificate authority only one is given",
    cure="give both, so that nodes need not ask EKS for them, or neither",
    documentation=_BOOTSTRAP,
    good=(
        'cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", version="1.33", '
        'cluster_endpoint="https://e", cluster_certificate_authority_data="Q0E=", service_ipv4_cidr="10.100.0.0/16")'
    ),
    bad=(
        'cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", version="1.33", '
        'cluster_endpoint="https://e", service_ipv4_cidr="10.100.0.0/16"), preflight=False'
    ),
)
ENDPOINT_WITHOUT_CIDR = Rule(
    code="WNG602",
    severity="error",
    meaning=(
        "The cluster's endpoint is given without the range of its service addresses, so the nodes would guess it, "
        "and DNS in pods breaks"
    ),
    cure="give service_ipv4_cidr, or leave out the endpoint",
    documentation=_BOOTSTRAP,
    good=(
        'cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", version="1.33", '
        'cluster_endpoint="https://e", cluster_certificate_authority_data="Q0E=", service_ipv4_cidr="10.100.0.0/16")'
    ),
    bad=(
        'cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", version="1.33", '
        'cluster_endpoint="https://e", cluster_certificate_authority_data="Q0E="), preflight=False'
    ),
)
SERVICE_CIDR = Rule(
    code="WNG603",
    severity="error",
    meaning="The range of service addresses is not an IPv4 range of a size that EKS has",
    cure="use a private IPv4 range from /24 to /12, such as 10.100.0.0/16; Windows nodes cannot join IPv6 clusters",
    documentation=_WINDOWS,
    good=(
        'cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", version="1.33", '
        'service_ipv4_cidr="10.100.0.0/16")'
    ),
    bad=(
        'cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", version="1.33", '
        'service_ipv4_cidr="fd00::/108")'
    ),
)
DNS_CLUSTER_IP = Rule(
    code="WNG604",
    severity="error",
    meaning="The cluster's DNS address is not an IPv4 address within the service addresses",
    cure="use an address of the service range, usually its tenth, such as 10.100.0.10, or leave it out",
    documentation=_BOOTSTRAP,
    good='dns_cluster_ip="10.100.0.10"',
    bad='dns_cluster_ip="kube-dns"',
)
SNAT_CIDR = Rule(
    code="WNG605",
    severity="error",
    meaning="A range that is excluded from address translation is not an IPv4 range",
    cure="use IPv4 ranges such as 192.168.0.0/16",
    documentation=_BOOTSTRAP,
    good='excluded_snat_cidrs=["192.168.0.0/16"]',
    bad='excluded_snat_cidrs=["192.168.0.1/16"]',
)
HOP_LIMIT = Rule(
    code="WNG606",
    severity="error",
    meaning="The hop limit of instance metadata is out of range",
    cure="use 1 (pods cannot reach instance metadata) to 64",
    documentation=_EC2 + "configuring-IMDS-new-instances.html",
    good="http_put_response_hop_limit=1",
    bad="http_put_response_hop_limit=0",
)
INSTANCE_METADATA_TAGS = Rule(
    code="WNG607",
    severity="error",
    meaning="Tags in instance metadata cannot contain slashes, and the tags of an EKS node do",
    cure="leave instance_metadata_tags off: no instance would start",
    documentation=_EC2 + "work-with-tags-in-IMDS.html",
    good="instance_metadata_tags=False",
    bad="instance_metadata_tags=True",
)
HTTP_TOKENS = Rule(
    code="WNG608",
    severity="error",
    meaning="It is not clear which versions of the instance metadata service are allowed",
    cure='use http_tokens="required" (version 2 alone) or "optional"',
    documentation=_EC2 + "configuring-IMDS-new-instances.html",
    good='http_tokens="optional"',
    bad='http_tokens="yes"',
)

AUTHENTICATION_MODE = Rule(
    code="WNG611",
    severity="error",
    meaning="The cluster's authentication mode is none that EKS has, or is not known in time",
    cure=(
        "use CONFIG_MAP, API_AND_CONFIG_MAP or API, or a CloudFormation parameter of the same stack: conditions "
        "can read nothing else"
    ),
    documentation=_ACCESS,
    good='cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", version="1.33", authentication_mode="API")',
    bad=(
        'cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", version="1.33", '
        'authentication_mode="CONFIGMAP")'
    ),
)
NO_WAY_IN = Rule(
    code="WNG612",
    severity="error",
    meaning="Nothing lets the function that edits aws-auth into a cluster that knows no access entries",
    cure=(
        "give kubectl_role, a role that may edit aws-auth such as the cluster's creator, or change the cluster's "
        "mode to API_AND_CONFIG_MAP; where others authorize the nodes and enable Windows support, say so with "
        "NodeAuthorization.EXISTING and windows_ipam=None"
    ),
    documentation=_ACCESS,
    good=(
        'cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", version="1.33", '
        'authentication_mode="CONFIG_MAP", kubectl_role="arn:aws:iam::111122223333:role/admin")'
    ),
    bad=(
        'cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", version="1.33", '
        'authentication_mode="CONFIG_MAP")'
    ),
)
AUTHORIZATION_AND_MODE = Rule(
    code="WNG613",
    severity="error",
    meaning="The cluster does not read what the nodes are to be authorized by",
    cure="leave authorization to the mode of the cluster, or change that mode",
    documentation=_ACCESS,
    good="authorization=NodeAuthorization.ACCESS_ENTRY",
    bad=(
        'authorization=NodeAuthorization.AWS_AUTH, cluster=EksCluster.from_attributes(cluster_name="c", '
        'vpc="vpc-1", version="1.33", authentication_mode="API")'
    ),
)
ONE_CLUSTER_TWO_WAYS = Rule(
    code="WNG614",
    severity="error",
    meaning=(
        "Two node groups of one stack describe the same cluster with different ways in, and one function serves both"
    ),
    cure="describe the cluster once and hand the same EksCluster to both",
    documentation=_ACCESS,
    good='cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", version="1.33")',
    bad=(
        'cluster=EksCluster.from_attributes(cluster_name="my-cluster", vpc="vpc-1", version="1.33", '
        'kubernetes_group="other")'
    ),
)
KUBERNETES_GROUP = Rule(
    code="WNG615",
    severity="error",
    meaning="An access entry cannot name a group that belongs to Kubernetes or EKS",
    cure="use a name that begins with none of system:, eks:, aws:, amazon: and iam:",
    documentation="https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html",
    good=(
        'cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", version="1.33", '
        'kubernetes_group="windows-nodegroup")'
    ),
    bad=(
        'cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", version="1.33", '
        'kubernetes_group="system:masters")'
    ),
)
NO_WAY_TO_CONTROL_PLANE = Rule(
    code="WNG616",
    severity="error",
    meaning="No security group is known with which nodes could reach the control plane and the cluster's DNS",
    cure=(
        "leave security_groups out and give cluster_security_group in the cluster's description, or give the security "
        "groups of the cluster's Linux nodes as security_groups"
    ),
    documentation=_EKS + "sec-group-reqs.html",
    good='security_groups=["sg-0123456789abcdef0"]',
    bad='security_groups=None, cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", version="1.33")',
)
NO_SUBNETS = Rule(
    code="WNG617",
    severity="error",
    meaning="No subnets are known in which nodes could be launched",
    cure="give subnets, or describe the cluster with its subnets",
    documentation=_SELF_MANAGED,
    good='subnets=["subnet-0123456789abcdef0"]',
    bad="subnets=[]",
)
ROLE_NOT_MADE_HERE = Rule(
    code="WNG618",
    severity="error",
    meaning="Settings for a role are given beside a role that exists already, which is used as it is",
    cure="leave out node_role, or set up that role where it is made",
    documentation=_EKS + "create-node-role.html",
    good='permissions_boundary="arn:aws:iam::111122223333:policy/boundary"',
    bad=(
        'node_role="arn:aws:iam::111122223333:role/windows", '
        'permissions_boundary="arn:aws:iam::111122223333:policy/boundary"'
    ),
)
PROFILE_WITHOUT_ROLE = Rule(
    code="WNG619",
    severity="error",
    meaning="An instance profile is given without its role, which is what has to be authorized",
    cure="give node_role too, the role that is in the profile",
    documentation=_EKS + "create-node-role.html",
    good=(
        'instance_profile="arn:aws:iam::111122223333:instance-profile/windows", '
        'node_role="arn:aws:iam::111122223333:role/windows"'
    ),
    bad='instance_profile="arn:aws:iam::111122223333:instance-profile/windows"',
)
LOOKUP_NEEDS_LITERALS = Rule(
    code="WNG620",
    severity="error",
    meaning="A cluster is to be looked up, and it is not known at synthesis where, or by which name",
    cure=(
        "give the stack env=cdk.Environment(account=..., region=...) and the cluster's name as text, or describe the "
        "cluster with EksCluster.from_attributes"
    ),
    documentation="https://docs.aws.amazon.com/cdk/v2/guide/configure-env.html",
    good='cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", version="1.33")',
    bad='cluster=EksCluster.from_lookup(stack, cluster_name="c")',
)
IMPORTED_WITHOUT_VPC = Rule(
    code="WNG621",
    severity="error",
    meaning="The VPC of an imported cluster is not known",
    cure="give vpc, import the cluster with its VPC, or use EksCluster.from_lookup, which finds everything by the name",
    documentation="https://docs.aws.amazon.com/cdk/api/v2/python/aws_cdk.aws_eks/ClusterAttributes.html",
    good=(
        "cluster=EksCluster.from_cluster(aws_eks.Cluster.from_cluster_attributes(stack, 'C', cluster_name='c'), "
        "vpc='vpc-1', version='1.33')"
    ),
    bad="cluster=EksCluster.from_cluster(aws_eks.Cluster.from_cluster_attributes(stack, 'C', cluster_name='c'))",
)
FUNCTION_NETWORK = Rule(
    code="WNG622",
    severity="error",
    meaning="The function is to run in subnets without a security group, or the other way round",
    cure=(
        "give function_subnets and a group that the control plane admits as function_security_groups, or describe the "
        "cluster with its cluster_security_group"
    ),
    documentation="https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html",
    good=(
        'cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", version="1.33", '
        'function_subnets=["subnet-1"], cluster_security_group="sg-1")'
    ),
    bad=(
        'cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", version="1.33", '
        'function_security_groups=["sg-1"])'
    ),
)
ONE_CLUSTER_TWO_IPAM = Rule(
    code="WNG623",
    severity="error",
    meaning="Two node groups of one stack ask for different addresses of Windows pods, and the cluster has one setting",
    cure="give the same windows_ipam to all node groups of the cluster",
    documentation=_EKS + "prefix-ip-addresses-win.html",
    good=(
        'windows_ipam=WindowsIpam(prefix_delegation=True), cluster=EksCluster.from_attributes(cluster_name="c", '
        'vpc="vpc-1", version="1.33")'
    ),
    bad="windows_ipam=WindowsIpam(prefix_delegation=True)",
)
AWS_AUTH_OF_CDK = Rule(
    code="WNG624",
    severity="error",
    meaning="CDK writes all of aws-auth for a cluster that the app makes, and a role of another stack cannot be in it",
    cure=(
        "make the node group in the cluster's stack, or give the cluster the mode API_AND_CONFIG_MAP, so that the "
        "nodes get an access entry"
    ),
    documentation="https://docs.aws.amazon.com/cdk/api/v2/python/aws_cdk.aws_eks/AwsAuth.html",
    good="authorization=NodeAuthorization.ACCESS_ENTRY",
    bad=(
        "authorization=NodeAuthorization.AWS_AUTH, cluster=EksCluster.from_cluster(aws_eks.Cluster(cdk.Stack("
        "stack.node.root, 'Clusters'), 'C', version=aws_eks.KubernetesVersion.V1_33, default_capacity=0, "
        "authentication_mode=aws_eks.AuthenticationMode.API_AND_CONFIG_MAP, "
        "kubectl_layer=aws_lambda.LayerVersion.from_layer_version_arn(stack, 'L', "
        "'arn:aws:lambda:us-west-2:1:layer:k:1')))"
    ),
)
CONTROL_PLANE_UNKNOWN = Rule(
    code="WNG625",
    severity="error",
    meaning="No security group of the control plane is known, and the nodes' own group would keep it out",
    cure=(
        "give cluster_security_group or security_groups in the cluster's description, or let the preflight look it up"
    ),
    documentation=_EKS + "sec-group-reqs.html",
    good='security_groups=["sg-0123456789abcdef0"]',
    bad=(
        'security_groups=["sg-0123456789abcdef0"], preflight=False, cluster=EksCluster.from_attributes('
        'cluster_name="c", vpc="vpc-1", version="1.33")'
    ),
)
ROLE_ARN = Rule(
    code="WNG626",
    severity="error",
    meaning="The nodes' role is given by something else than its ARN",
    cure="give the ARN of the role, such as arn:aws:iam::111122223333:role/windows, or a role of CDK",
    documentation=_EKS + "create-node-role.html",
    good='node_role="arn:aws:iam::111122223333:role/windows"',
    bad='node_role="windows"',
)
PROFILE_ARN = Rule(
    code="WNG627",
    severity="error",
    meaning="The instance profile is given by something else than its ARN",
    cure=(
        "give the ARN of the profile, such as arn:aws:iam::111122223333:instance-profile/windows, or a profile of CDK"
    ),
    documentation="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html",
    good=(
        'instance_profile="arn:aws:iam::111122223333:instance-profile/windows", '
        'node_role="arn:aws:iam::111122223333:role/windows"'
    ),
    bad='instance_profile="windows", node_role="arn:aws:iam::111122223333:role/windows"',
)
POLICY_ARN = Rule(
    code="WNG628",
    severity="error",
    meaning="A policy for the nodes' role is given by something else than its ARN",
    cure="give the ARN of the policy, such as arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess, or a policy of CDK",
    documentation="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html",
    good='managed_policies=["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]',
    bad='managed_policies=["AmazonS3ReadOnlyAccess"]',
)
POLICIES_UNKNOWN = Rule(
    code="WNG629",
    severity="error",
    meaning="It is not known at synthesis how many policies the nodes' role gets",
    cure="list the policies one by one; each may be a token, but not the list",
    documentation=_EKS + "create-node-role.html",
    good='managed_policies=["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]',
    bad='managed_policies=cdk.Token.as_list({"Ref": "Policies"})',
)
ROLE_PATH = Rule(
    code="WNG630",
    severity="error",
    meaning="The path of the nodes' role is not well-formed",
    cure="begin and end it with a slash, such as /eks/nodes/, within 512 characters",
    documentation="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html",
    good='role_path="/eks/nodes/"',
    bad='role_path="eks"',
)
SUBNET_ID = Rule(
    code="WNG631",
    severity="error",
    meaning="A subnet's id is not well-formed",
    cure="list ids such as subnet-0123456789abcdef0, or subnets of CDK",
    documentation=_SELF_MANAGED,
    good='subnets=["subnet-0123456789abcdef0"]',
    bad='subnets=["private-a"]',
)
SECURITY_GROUP_ID = Rule(
    code="WNG632",
    severity="error",
    meaning="A security group's id is not well-formed",
    cure="list ids such as sg-0123456789abcdef0, not names, or security groups of CDK",
    documentation=_EKS + "sec-group-reqs.html",
    good='security_groups=["sg-0123456789abcdef0"]',
    bad='security_groups=["linux-nodes"]',
)
SELECTION = Rule(
    code="WNG633",
    severity="error",
    meaning="The VPC has no such subnets as nodes are to be launched in",
    cure="give subnets that the VPC has, as subnets, their ids or a selection",
    documentation="https://docs.aws.amazon.com/cdk/api/v2/python/aws_cdk.aws_ec2/SubnetSelection.html",
    good=(
        "subnets=aws_ec2.SubnetSelection(subnet_group_name='Private'), cluster=EksCluster.from_attributes("
        "cluster_name='c', vpc=aws_ec2.Vpc(stack, 'V'), version='1.33')"
    ),
    bad=(
        "subnets=aws_ec2.SubnetSelection(subnet_group_name='Windows'), cluster=EksCluster.from_attributes("
        "cluster_name='c', vpc=aws_ec2.Vpc(stack, 'V'), version='1.33')"
    ),
)
SELECTION_NEEDS_VPC = Rule(
    code="WNG634",
    severity="error",
    meaning="Subnets are to be selected from a VPC of which only the id is known",
    cure="describe the cluster with vpc=ec2.Vpc.from_lookup(...), or give subnets or their ids",
    documentation="https://docs.aws.amazon.com/cdk/api/v2/python/aws_cdk.aws_ec2/SubnetSelection.html",
    good="subnets=aws_ec2.SubnetSelection(subnets=[aws_ec2.Subnet.from_subnet_id(stack, 'S', 'subnet-1')])",
    bad="subnets=aws_ec2.SubnetSelection(subnet_group_name='Private')",
)
NAME_TAKEN = Rule(
    code="WNG635",
    severity="warning",
    meaning="Two node groups of one stack have the same name in the same cluster, so their nodes look alike",
    cure="give each node group of a cluster a nodegroup_name of its own",
    documentation=_SELF_MANAGED,
    good='nodegroup_name="windows-2025"',
    bad='nodegroup_name="windows"',
)
ACKNOWLEDGED_CHECK = Rule(
    code="WNG637",
    severity="error",
    meaning="There is no check of that code, or nothing goes on without it",
    cure="use codes as the page of all checks has them, `python -m windows_nodegroup check --list`; not PF101 or PF102",
    documentation=_SELF_MANAGED,
    good='acknowledged_checks=["PF203"]',
    bad='acknowledged_checks=["PF999"]',
)
IPAM_TARGET = Rule(
    code="WNG638",
    severity="error",
    meaning="A number of addresses or prefixes for Windows pods is not a whole number",
    cure="use a whole number, 0 or more, or leave it out, so that it stays as it is",
    documentation=_EKS + "prefix-ip-addresses-win.html",
    good="windows_ipam=WindowsIpam(prefix_delegation=True, warm_prefix_target=1)",
    bad="windows_ipam=WindowsIpam(warm_ip_target=-1)",
)
VPC_ID = Rule(
    code="WNG639",
    severity="error",
    meaning="A VPC's id is not well-formed",
    cure="give the id, such as vpc-0123456789abcdef0, not the name, or a VPC of CDK",
    documentation=_SELF_MANAGED,
    good='cluster=EksCluster.from_attributes(cluster_name="my-cluster", vpc="vpc-0123456789abcdef0", version="1.33")',
    bad='cluster=EksCluster.from_attributes(cluster_name="my-cluster", vpc="production", version="1.33")',
)
KUBECTL_ROLE_ARN = Rule(
    code="WNG640",
    severity="error",
    meaning="The role that the function assumes is given by something else than its ARN",
    cure="give the ARN of the role, such as arn:aws:iam::111122223333:role/admin, or a role of CDK",
    documentation=_ACCESS,
    good=(
        'cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", version="1.33", '
        'kubectl_role="arn:aws:iam::111122223333:role/admin")'
    ),
    bad='cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", version="1.33", kubectl_role="admin")',
)
ENDPOINT = Rule(
    code="WNG641",
    severity="error",
    meaning="The cluster's endpoint is not the URL of a Kubernetes API",
    cure=(
        "give what `aws eks describe-cluster` shows as the endpoint, such as "
        "https://0123456789ABCDEF.gr7.us-west-2.eks.amazonaws.com"
    ),
    documentation=_BOOTSTRAP,
    good=(
        'cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", version="1.33", '
        'cluster_endpoint="https://e", cluster_certificate_authority_data="Q0E=", service_ipv4_cidr="10.100.0.0/16")'
    ),
    bad=(
        'cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", version="1.33", '
        'cluster_endpoint="e", cluster_certificate_authority_data="Q0E=", service_ipv4_cidr="10.100.0.0/16")'
    ),
)
AUTHORITY = Rule(
    code="WNG642",
    severity="error",
    meaning="The cluster's certificate authority is not in Base64",
    cure="give what `aws eks describe-cluster` shows as the certificate authority's data, as it is",
    documentation=_BOOTSTRAP,
    good=(
        'cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", version="1.33", '
        'cluster_endpoint="https://e", cluster_certificate_authority_data="Q0E=", service_ipv4_cidr="10.100.0.0/16")'
    ),
    bad=(
        'cluster=EksCluster.from_attributes(cluster_name="c", vpc="vpc-1", version="1.33", '
        'cluster_endpoint="https://e", cluster_certificate_authority_data="-----BEGIN CERTIFICATE-----", '
        'service_ipv4_cidr="10.100.0.0/16")'
    ),
)

# 7: tags

TAG_COUNT = Rule(
    code="WNG701",
    severity="error",
    meaning="There are more tags than an Auto Scaling group may have",
    cure="use at most 50 tags; those of the node group itself and the hints for cluster-autoscaler count",
    documentation=_TAGS,
    good='tags={"team": "blue"}',
    bad="tags={f'team-{number}': 'blue' for number in range(60)}",
)
TAG_KEY = Rule(
    code="WNG702",
    severity="error",
    meaning="A tag's key is not one that AWS accepts",
    cure="use 1 to 128 letters, digits, spaces and _.:/=+-@, not beginning with aws:",
    documentation=_TAGS,
    good='tags={"team": "blue"}',
    bad='tags={"aws:team": "blue"}',
)
TAG_VALUE = Rule(
    code="WNG703",
    severity="error",
    meaning="A tag's value is not one that AWS accepts",
    cure="use at most 256 letters, digits, spaces and _.:/=+-@",
    documentation=_TAGS,
    good='tags={"team": "blue"}',
    bad='tags={"team": "blue!"}',
)
TAG_RESERVED = Rule(
    code="WNG704",
    severity="error",
    meaning="A tag is one that the node group sets itself, because EKS or cluster-autoscaler reads it",
    cure="leave it out",
    documentation=_SELF_MANAGED,
    good='tags={"Name": "windows"}',
    bad='tags={"kubernetes.io/cluster/my-cluster": "shared"}',
)
HINT_TOO_LONG = Rule(
    code="WNG705",
    severity="error",
    meaning="A label or taint is too long for a tag with which cluster-autoscaler is told of it",
    cure="use a key of at most 82 characters, or leave cluster_autoscaler off and tag the group yourself",
    documentation=_CLUSTER_AUTOSCALER,
    good='cluster_autoscaler=True, labels={"example.com/team": "blue"}',
    bad='cluster_autoscaler=True, labels={"a-very-long-name." * 5 + "example.com/team": "blue"}',
)

# 8: user data

USER_DATA_SIZE = Rule(
    code="WNG801",
    severity="error",
    meaning="The user data is larger than EC2 accepts",
    cure="keep it within 16384 bytes: move long commands into a file, in S3 or in a custom image, and run that",
    documentation=_EC2 + "user-data.html",
    good="pre_bootstrap_commands=[\"Write-Output 'hello'\"]",
    bad='pre_bootstrap_commands=["#" * 16384]',
)

RULES: tuple[Rule, ...] = tuple(
    sorted((value for value in list(globals().values()) if isinstance(value, Rule)), key=lambda rule: rule.code)
)
"""All rules, in the order of their codes."""
