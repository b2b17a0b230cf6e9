"""X's API v2 on a loopback socket, people included."""

from simulators.x.accounts import SimAccount
from simulators.x.misbehaviour import FAULTS
from simulators.x.people import SimPerson
from simulators.x.platform import XPlatform
from simulators.x.records import ApiCall, Keys, SentPost, SimPost

__all__ = ["FAULTS", "ApiCall", "Keys", "SentPost", "SimAccount", "SimPerson", "SimPost", "XPlatform"]
