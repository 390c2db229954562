"""Widgets, menus and actions of main_window.ui."""

from __future__ import annotations

from typing import Protocol

from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import (
    QComboBox,
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QTabBar,
    QToolButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

__all__ = ["MainWindowForm"]


class MainWindowForm(Protocol):
    """Widgets of main_window.ui."""

    accountSelector: QComboBox
    accountMenuButton: QToolButton
    registrationLabel: QLabel
    stateSelector: QComboBox
    noteEdit: QLineEdit
    voicemailButton: QToolButton
    dialBox: QLineEdit
    callButton: QPushButton
    chatButton: QToolButton
    dialErrorLabel: QLabel
    noticeFrame: QFrame
    noticeLabel: QLabel
    noticeCloseButton: QToolButton
    callsHeading: QLabel
    callsArea: QScrollArea
    callsContents: QWidget
    callsLayout: QVBoxLayout
    bodyTabs: QTabBar
    bodyStack: QStackedWidget
    contactsPage: QWidget
    contactTree: QTreeView
    noContactsLabel: QLabel
    addContactButton: QPushButton
    recentPage: QWidget
    recentList: QListView
    welcomePage: QWidget
    welcomePicture: QLabel
    welcomeTitle: QLabel
    welcomeAddButton: QPushButton
    emptyPage: QWidget
    emptyText: QLabel
    callMenu: QMenu
    inputMenu: QMenu
    outputMenu: QMenu
    alertMenu: QMenu
    addAccountAction: QAction
    editAccountAction: QAction
    removeAccountAction: QAction
    aboutAction: QAction
    quitAction: QAction
    dialAction: QAction
    redialAction: QAction
    answerAction: QAction
    rejectAction: QAction
    holdAction: QAction
    recordAction: QAction
    keypadAction: QAction
    hangUpAction: QAction
    transferAction: QAction
    swapAction: QAction
    joinAction: QAction
    splitAction: QAction
    clearHistoryAction: QAction
    addContactAction: QAction
    localNetworkAction: QAction
    chatAction: QAction
    sendFileAction: QAction
    chatsAction: QAction
    filesAction: QAction
    messageSoundAction: QAction
    keepMessagesAction: QAction
    clearMessagesAction: QAction
    muteAction: QAction
    silentAction: QAction
    systemThemeAction: QAction
    lightThemeAction: QAction
    darkThemeAction: QAction

    def setupUi(self, window: QWidget) -> None: ...
