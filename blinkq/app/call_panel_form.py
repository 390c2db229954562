"""Widgets of call_panel.ui."""

from __future__ import annotations

from typing import Protocol

from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from blinkq.app.keypad import Keypad
from blinkq.app.media_strip import MediaStrip
from blinkq.app.widgets import LevelMeter

__all__ = ["CallPanelForm"]


class CallPanelForm(Protocol):
    """Widgets of call_panel.ui."""

    panelLayout: QVBoxLayout
    titleLabel: QLabel
    addressLabel: QLabel
    timerLabel: QLabel
    stateLabel: QLabel
    codecLabel: QLabel
    lockLabel: QLabel
    metersWidget: QWidget
    sentIcon: QLabel
    sentMeter: LevelMeter
    receivedIcon: QLabel
    receivedMeter: LevelMeter
    noticeLabel: QLabel
    adviceLabel: QLabel
    talkButtons: QWidget
    muteButton: QToolButton
    holdButton: QToolButton
    recordButton: QToolButton
    keypadButton: QToolButton
    hangUpButton: QToolButton
    mediaButtons: QWidget
    mediaLayout: QHBoxLayout
    chatButton: QToolButton
    filesButton: QToolButton
    shareButton: QToolButton
    viewButton: QToolButton
    mediaStrip: MediaStrip
    transferButton: QToolButton
    joinButton: QToolButton
    leaveButton: QToolButton
    talkLayout: QHBoxLayout
    incomingButtons: QWidget
    answerButton: QPushButton
    busyButton: QPushButton
    rejectButton: QPushButton
    overButtons: QWidget
    redialButton: QPushButton
    closeButton: QPushButton
    keypad: Keypad

    def setupUi(self, widget: QWidget) -> None: ...
