"""A registration that is only a test: it really registers, tells the outcome, and leaves nothing behind. Virtual time, real engine."""

from __future__ import annotations

import pytest
from support.middleware import Recorder
from support.virtual_loop import run
from test_registration import FAILED, SUCCEEDED, _fresh_singletons, scene  # noqa: F401 - the fixture belongs to the scene

from blinkq.base.errors import IllegalStateError
from blinkq.sipsimple.account import AccountManager, BonjourAccount
from blinkq.sipsimple.audio_devices import list_audio_devices
from blinkq.sipsimple.configuration.datatypes import SIPProxyAddress
from blinkq.sipsimple.registration_trial import RegistrationTrial


def test_the_right_password_is_confirmed_and_the_contact_taken_back() -> None:
    async def body() -> None:
        async with scene() as here:
            trial = RegistrationTrial("alice@example.com", "secret", transport="udp")
            trial.start()
            data = await here.until(SUCCEEDED)
            assert data.code == 200
            assert here.recorder.seen[-1].sender is trial.sender
            assert here.registrar.contacts()
            trial.close()
            trial.close()
            await here.until("SIPAccountRegistrationDidEnd")
            assert not here.registrar.contacts()
            assert AccountManager().get_accounts() == [BonjourAccount(), here.account]

    run(body())


def test_the_wrong_password_is_told() -> None:
    async def body() -> None:
        async with scene() as here:
            trial = RegistrationTrial("alice@example.com", "wrong", transport="udp")
            trial.start()
            data = await here.until(FAILED)
            assert data.code in (401, 403)
            assert data.next_route is None
            trial.close()

    run(body())


def test_a_proxy_that_is_not_there_is_told_without_a_code() -> None:
    async def body() -> None:
        async with scene() as here:
            trial = RegistrationTrial("alice@example.com", "secret", proxy=SIPProxyAddress("192.0.2.77", 5060, "tcp"))
            trial.start()
            data = await here.until(FAILED)
            assert not hasattr(data, "code")
            assert data.error
            trial.close()

    run(body())


def test_the_password_is_not_shown() -> None:
    async def body() -> None:
        async with scene():
            assert "hush" not in repr(RegistrationTrial("alice@example.com", "hush"))

    run(body())


def test_without_an_engine_there_is_no_trial_and_no_device() -> None:
    with pytest.raises(IllegalStateError):
        RegistrationTrial("alice@example.com", "secret")
    list_audio_devices(lambda _devices: pytest.fail("no engine, no devices"))
    assert Recorder("DNSLookupDidFail").seen == []
