"""A page that defines its network: its definitions become a sheet, so that it needs none."""

from gradsheet.checking.network.model import PageNetwork
from gradsheet.checking.network.networks import network_of, networks_of

__all__ = ["PageNetwork", "network_of", "networks_of"]
