from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from consentcore.crypto.nonces import nonce


def test_no_nonce_comes_twice_from_many_threads() -> None:
    with ThreadPoolExecutor(8) as pool:
        drawn = [each for part in pool.map(lambda _: [nonce() for _ in range(5_000)], range(8)) for each in part]
    assert {len(each) for each in drawn} == {12}
    assert len(set(drawn)) == len(drawn)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_draws_its_own() -> None:
    nonce()  # the pool now holds nonces that the child would inherit
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, b"".join(nonce() for _ in range(340)))
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        theirs = pipe.read()
    os.waitpid(child, 0)
    ours = {nonce() for _ in range(340)}
    assert len(theirs) == 340 * 12
    assert not ours & {theirs[at : at + 12] for at in range(0, len(theirs), 12)}
