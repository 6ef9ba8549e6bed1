"""Why labs fail, one declaration a cause: what people read, and what ``docs/reference/failures.md`` says.

An error names its cause (``core.errors.LabyardError``); how each is recognised is with whoever sees it:
engines' texts in ``engines/docker/failures.py``, what a lab left behind in ``spawners/diagnosis.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class During(StrEnum):
    """When a cause shows itself."""

    START = "start"
    RUN = "run"


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause.

    ``title`` says what happened, in a sentence without a full stop; ``seen`` by what it is recognised;
    ``remedy`` what a person does about it. ``field`` is the option whose change mends it. ``again``
    says whether the very same start may succeed next time.
    """

    code: str
    title: str
    seen: str
    remedy: str
    field: str = ""
    again: bool = True
    during: During = During.START


NO_IMAGE = Cause(
    "no-image",
    "There is no such image",
    "The engine or the registry says that it has no image of that name.",
    "Choose another image, or ask your administrator to check the name or to build it with "
    "'labyard image build'.",
    field="image",
    again=False,
)
REGISTRY_UNREACHABLE = Cause(
    "registry-unreachable",
    "The image registry could not be reached",
    "A pull ends with an unknown host, a refused connection, a timeout or a bad certificate.",
    "Try again later or choose an image that is here; your administrator can check the host's "
    "network.",
    field="image",
)
REGISTRY_REFUSED = Cause(
    "registry-refused",
    "The image registry refused to give the image",
    "A pull ends with unauthorized, denied, or too many requests.",
    "Choose another image, or ask your administrator for access to the registry.",
    field="image",
)
PULL_TIMEOUT = Cause(
    "pull-timeout",
    "Fetching the image took too long",
    "A pull is not done within labs.pull_timeout.",
    "Try again: what came is kept. If it goes on, tell your administrator (labs.pull_timeout).",
)
WRONG_ARCHITECTURE = Cause(
    "wrong-architecture",
    "The image is made for another kind of processor",
    "The lab's program ends with 'exec format error', or the registry has nothing for this host.",
    "Choose another image, or ask your administrator for one that is built for this host.",
    field="image",
    again=False,
)
NO_SINGLEUSER = Cause(
    "no-singleuser",
    "The image cannot run a lab",
    "There is no labyard-lab in it, no jupyterhub-singleuser, or what answers is none.",
    "Choose another image; an image for labs is built with 'labyard image build'.",
    field="image",
    again=False,
)
VERSION_MISMATCH = Cause(
    "version-mismatch",
    "The image belongs to another version of JupyterHub",
    "The lab names another major version of JupyterHub than the hub's.",
    "Choose another image, or ask your administrator to build it anew for this hub.",
    field="image",
    again=False,
)
LAB_ENDED = Cause(
    "lab-ended",
    "The lab ended before it was ready",
    "Its container has exited; none of the more precise causes is seen in its exit code and log.",
    "Its last words may say why. Start it again, change the options, or tell your administrator.",
)
NEVER_LISTENED = Cause(
    "never-listened",
    "The lab runs but does not answer",
    "Nothing answers on the lab's port within labs.start_timeout. The page says so while it waits.",
    "Try again, or choose another image; if it goes on, tell your administrator "
    "(labs.start_timeout).",
    field="image",
)
OUT_OF_MEMORY = Cause(
    "out-of-memory",
    "The lab ran out of memory while starting",
    "The kernel killed a process of the lab at its memory limit, by the lab's cgroup.",
    "Ask for more memory, or make what runs at start-up smaller. Your files are safe.",
    field="memory",
    again=False,
)
HOST_MEMORY = Cause(
    "host-memory",
    "The host is short of memory",
    "The host has less memory available than labs.host_reserve, or the engine could get none.",
    "Try again later, or stop a server that you do not need.",
)
LIMIT_ABOVE_HOST = Cause(
    "limit-above-host",
    "The lab asks for more than the host has",
    "A limit of memory or CPU is above what the engine's host has.",
    "Ask for less; where nothing was chosen, your administrator lowers labs.cpu or labs.memory.",
    field="memory",
    again=False,
)
LIMIT_IMPOSSIBLE = Cause(
    "limit-impossible",
    "A limit is not possible on this host",
    "The engine refuses a limit, for example one that is too small to start anything.",
    "Choose other limits, or ask your administrator to correct those in the settings.",
    field="memory",
    again=False,
)
NO_GPU = Cause(
    "no-gpu",
    "There is no GPU for the lab",
    "The engine has no driver for the device that was asked for, or the driver does not answer.",
    "Start without a GPU, or ask your administrator to look at the driver.",
    field="gpus",
)
NO_GPU_FREE = Cause(
    "no-gpu-free",
    "There are not enough free GPUs",
    "Other labs hold the GPUs that were asked for.",
    "Start with fewer GPUs or without any, or try again when a lab that has one has stopped.",
    field="gpus",
)
NO_ADDRESS = Cause(
    "no-address",
    "No address is free for the lab",
    "Every subnet of network.block is taken, or every address of the person's subnet.",
    "Stop a server that you do not need; your administrator can widen network.block.",
)
NAME_TAKEN = Cause(
    "name-taken",
    "Something else on the engine has the lab's name",
    "A container, volume or network of that name exists and is not this installation's.",
    "Ask your administrator to rename or remove it, or to give this installation another name.",
)
MOUNT_IMPOSSIBLE = Cause(
    "mount-impossible",
    "A volume cannot be mounted",
    "The engine refuses a mount, for example because a host path does not exist.",
    "Ask your administrator to check the volumes in the settings.",
)
PROGRAM_FAILED = Cause(
    "program-failed",
    "The lab's program could not be started",
    "The engine's runtime fails before the lab's first program runs.",
    "Choose another image; the engine's words tell your administrator more.",
    field="image",
)
DISK_FULL = Cause(
    "disk-full",
    "The engine's disk is full",
    "The engine, or a lab whose volumes have room, says: no space left on device.",
    "Ask your administrator to free space on the host: unused images and volumes.",
)
VOLUME_FULL = Cause(
    "volume-full",
    "A volume has no room for a new home",
    "The volume is there, full, and without the directories of a lab, which cannot be made in it.",
    "Ask your administrator to make room in it. Or download what is in it, if you need that, and reset it.",
)
ENGINE_UNREACHABLE = Cause(
    "engine-unreachable",
    "The container engine does not answer",
    "Its socket is away, breaks off, or is silent for engine.timeout. Running labs are left alone.",
    "Try again in a while; your administrator sees that it runs and may be reached.",
)
ENGINE_REFUSED = Cause(
    "engine",
    "The container engine refused",
    "It answers with a failure that is none of the others here.",
    "Try again; the engine's log tells your administrator more.",
)
HUB_UNREACHABLE = Cause(
    "hub-unreachable-from-lab",
    "The lab cannot reach the hub",
    "The lab's entry, or jupyterhub-singleuser, gets no answer from the hub's address.",
    "Ask your administrator to check the host's firewall and the hub's address ('labyard doctor').",
)
TOKEN_REFUSED = Cause(
    "token-refused",
    "The hub refused the lab's token",
    "The hub answers 401 or 403 to the lab's own token.",
    "Start it again: each start makes a new token.",
)
NOT_WRITABLE = Cause(
    "not-writable",
    "The lab may not write to its home",
    "The home volume belongs to another account, for example root.",
    "Ask your administrator to give the volume to the lab's user, or reset it at home.",
)
NO_ROOM = Cause(
    "no-room",
    "The lab found no room for its files",
    "Neither the home nor the lab's scratch volume takes a write.",
    "Ask your administrator to free space on the host.",
)
NO_SECRETS = Cause(
    "no-secrets",
    "The lab did not get its credentials",
    "The entry found no file with the lab's token.",
    "Start it again; if it goes on, tell your administrator.",
)
NOT_ALLOWED = Cause(
    "refused",
    "A choice of this server is not allowed",
    "An option, now or when the server was last started, is not within what its owner may have.",
    "Change the options, then start it.",
    again=False,
)
CANCELLED = Cause(
    "cancelled",
    "The start was cancelled",
    "Somebody who may start the server pressed Cancel.",
    "Start it again whenever you like.",
)
INTERRUPTED = Cause(
    "interrupted",
    "The hub was restarted during the start",
    "The page loses the hub and finds it again without the start.",
    "Start it again.",
)

# While a lab runs.
KERNEL_OUT_OF_MEMORY = Cause(
    "kernel-out-of-memory",
    "A kernel ran out of memory",
    "The lab's cgroup counts a process that the kernel killed, and the lab goes on.",
    "Close notebooks you do not need, or stop the server and give it more memory.",
    field="memory",
    during=During.RUN,
)
LAB_OUT_OF_MEMORY = Cause(
    "lab-out-of-memory",
    "The server ran out of memory and ended",
    "The lab ends with exit code 137, and its cgroup counts a process that the kernel killed.",
    "Start it again, with more memory if it may have it. What was saved is there.",
    field="memory",
    during=During.RUN,
)
ENDED_BY_ITSELF = Cause(
    "ended-by-itself",
    "The server ended by itself",
    "The lab's container has exited with a failure, or while the engine was away; nobody stopped it.",
    "Start it again. What was saved is there; the lab's log may tell your administrator why.",
    during=During.RUN,
)
HOME_FULL = Cause(
    "home-full",
    "Your storage is full",
    "A volume takes no write: no space left, or its quota is reached. The lab starts all the same.",
    "Delete what you do not need in JupyterLab; what is deleted there now is gone at once.",
    during=During.RUN,
)
HOME_NEARLY_FULL = Cause(
    "home-nearly-full",
    "Your storage is nearly full",
    "Less than 5 % and less than 1 GB of a volume is free.",
    "Delete what you do not need, before nothing can be saved any more.",
    during=During.RUN,
)
HOME_READ_ONLY = Cause(
    "home-read-only",
    "Your storage can only be read",
    "A volume says that its file system is read-only. The lab starts all the same.",
    "Tell your administrator: the disk may be failing, or the volume is mounted read only.",
    during=During.RUN,
)
CLOCK_SKEW = Cause(
    "clock-skew",
    "The clocks of hub and lab differ",
    "The lab compares its time with the hub's answer when it starts: more than a minute apart.",
    "Tell your administrator: set the clocks of both hosts (NTP), else sign-ins and dates go wrong.",
    during=During.RUN,
)

CAUSES = tuple(value for value in list(globals().values()) if isinstance(value, Cause))
BY_CODE = {cause.code: cause for cause in CAUSES}
