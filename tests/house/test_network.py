"""The suite's own promise: no test leaves this machine."""

from __future__ import annotations

import socket

import pytest

from tests.builders.network import NetworkIsClosed, is_local


@pytest.mark.parametrize(
    "host", ["192.0.2.1", "example.org", "10.0.0.1", "::ffff:192.0.2.1", "2001:db8::1", b"example.org"]
)
def test_other_machines_are_not_local(host: str | bytes) -> None:
    assert not is_local(host)


@pytest.mark.parametrize("host", [None, "", "127.0.0.1", "127.8.8.8", "::1", "localhost", "::ffff:127.0.0.1"])
def test_this_machine_is_local(host: str | None) -> None:
    assert is_local(host)


def test_a_connection_that_leaves_is_refused() -> None:
    with socket.socket() as outward, pytest.raises(NetworkIsClosed, match=r"192\.0\.2\.1"):
        outward.connect(("192.0.2.1", 80))


def test_a_datagram_that_leaves_is_refused() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as outward, pytest.raises(NetworkIsClosed):
        outward.sendto(b"x", ("192.0.2.1", 53))


def test_a_name_is_not_looked_up() -> None:
    with pytest.raises(NetworkIsClosed):
        socket.getaddrinfo("example.org", 80)


def test_loopback_stays_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
