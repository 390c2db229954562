"""The control channel's frames: every message survives the trip, in whatever pieces it arrives."""

from __future__ import annotations

import dataclasses
import types
import typing

import pytest

from blinkq.media import control, ice, ice_control, wire

FORMAT = control.CodecFormat(111, "opus", 48000, 2, "useinbandfec=1")
KEY = control.CryptoKey("AES_CM_128_HMAC_SHA1_80", bytes(range(30)))
CANDIDATE = ice.IceCandidate("1", 2, 3, "192.0.2.1", 4000, "srflx", "10.0.0.1", 4002)
CHECK = ice.IceCheck(CANDIDATE, CANDIDATE, "succeeded", True)
GATHERING = ice.IceGathering("ufrag", "secret of ICE", ("192.0.2.3", 3478), 0.5, ("10.0.0.1",))
DEVICES = control.DeviceList(("Mikrofon ü",), ("Speaker", "USB"), None, "Speaker")

MESSAGES = [
    value
    for value in (*vars(control).values(), *vars(ice_control).values())
    if isinstance(value, type)
    and dataclasses.is_dataclass(value)
    and issubclass(value, control.Command | control.Event)
]


def sample(annotation: object) -> object:
    """A telling value for one annotation of control.py."""
    if isinstance(annotation, types.UnionType):
        annotation = typing.get_args(annotation)[0]
    if typing.get_origin(annotation) is tuple:
        arguments = typing.get_args(annotation)
        if arguments[-1] is Ellipsis:
            return (sample(arguments[0]),) * 2
        return tuple(sample(argument) for argument in arguments)
    return {
        int: 7,
        float: 0.125,
        str: 'a "string" – ☎',
        bool: True,
        control.StreamDirection: control.StreamDirection.SENDONLY,
        control.CodecFormat: FORMAT,
        control.CryptoKey: KEY,
        control.DeviceList: DEVICES,
        ice.IceCandidate: CANDIDATE,
        ice.IceCheck: CHECK,
        ice.IceGathering: GATHERING,
    }[annotation]  # type: ignore[index]  # the keys are exactly the annotations of control.py


@pytest.mark.parametrize("cls", MESSAGES, ids=lambda cls: cls.__name__)
def test_every_message_survives_the_trip(cls: type) -> None:
    hints = typing.get_type_hints(cls)
    message = cls(**{field.name: sample(hints[field.name]) for field in dataclasses.fields(cls)})
    frame = wire.encode(5, message)
    (envelope,) = wire.FrameReader().receive_data(frame)
    assert envelope == (5, message)
    assert type(envelope.message) is cls


def test_every_name_of_the_catalogue_is_a_message_or_a_value_of_one() -> None:
    assert {cls.__name__ for cls in MESSAGES} <= {*control.__all__, *ice_control.__all__}


def test_frames_split_anywhere_give_the_same_messages() -> None:
    stream = wire.encode(1, control.ListDevices()) + wire.encode(2, DEVICES) + wire.encode(0, control.MediaReady(1))
    for size in range(1, len(stream) + 1):
        reader = wire.FrameReader()
        got = [
            envelope
            for start in range(0, len(stream), size)
            for envelope in reader.receive_data(stream[start : start + size])
        ]
        assert got == [(1, control.ListDevices()), (2, DEVICES), (0, control.MediaReady(1))]


def test_keys_do_not_show_in_repr() -> None:
    assert "\\x01" not in repr(KEY)
    told = (GATHERING, ice_control.StartIce(1, 1, "u", "secret of ICE"), ice_control.RestartIce(1, "u", "secret of ICE"))
    assert "secret" not in repr(told)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        b"[1]",
        b"[1,2]",
        b'[1,{"@":"Nothing"}]',
        b'[1,{"@":"CloseMixer"}]',
        b'[1,{"@":"CloseMixer","x":1}]',
        b'[1,{"@":"CodecFormat","payload_type":1,"name":"x","clock_rate":8000}]',
        b'["1",{"@":"ListDevices"}]',
        b'[1,{"@":"bytes","value":"***"}]',
        b"\xff\xfe",
        b"[" * 100000,
    ],
)
def test_unreadable_payloads_raise_wire_error(payload: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.decode(payload)


def test_absurd_length_is_refused_before_it_is_awaited() -> None:
    with pytest.raises(wire.WireError, match="announced"):
        wire.FrameReader().receive_data(b"\xff\xff\xff\xff")


def test_strangers_cannot_be_sent() -> None:
    with pytest.raises(wire.WireError):
        wire.encode(1, object())  # type: ignore[arg-type]  # misuse on purpose
    with pytest.raises(wire.WireError):
        wire.encode(1, control.CommandFailed(error=object()))  # type: ignore[arg-type]  # misuse on purpose
    with pytest.raises(wire.WireError, match="longer"):
        wire.encode(1, control.CommandFailed("x" * wire.MAX_FRAME))
