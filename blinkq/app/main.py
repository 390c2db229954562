"""BlinkQ with windows: assembles middleware, models and windows, runs the loop, and ends everything in order."""

from __future__ import annotations

import asyncio
import logging
import logging.handlers
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import qasync
from PyQt6 import sip
from PyQt6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QObject, QSettings, QTranslator
from PyQt6.QtWidgets import QApplication, QDialog

import blinkq
from blinkq.app.account_list import AccountList
from blinkq.app.answers import Answers
from blinkq.app.call_list import CallList
from blinkq.app.call_media import CallMedia
from blinkq.app.chat import Chat
from blinkq.app.contact_list import ContactList
from blinkq.app.desktop_commands import DesktopCommands
from blinkq.app.desktops import Desktops
from blinkq.app.dialogs import Dialogs
from blinkq.app.history import History
from blinkq.app.icons import tray_icon
from blinkq.app.main_window import MainWindow, Models
from blinkq.app.messages import Messages
from blinkq.app.middleware import Middleware
from blinkq.app.notices import Notices
from blinkq.app.offered_media import OfferedMedia
from blinkq.app.proposals import Proposals
from blinkq.app.ringer import Ringer
from blinkq.app.sipsimple_middleware import SIPSimpleMiddleware
from blinkq.app.theme import Appearance, Theme
from blinkq.app.transfers import Transfers
from blinkq.app.tray import Tray
from blinkq.app.visitors import Visitors
from blinkq.base.clock import Clock, SystemClock
from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger
from blinkq.base.notification import Notification
from blinkq.base.resources import resource
from blinkq.qtbridge.notifications import NotificationBridge
from blinkq.sipsimple.configuration.location import default_config_directory

__all__ = ["Application", "StartOptions", "run"]

log = get_logger("app")

#: how long unregistering and ending calls may take when BlinkQ quits, in seconds; servers that do not answer must not hold us
END_TIMEOUT = 5.0
#: size of a log file and how many old ones are kept
LOG_SIZE, LOG_FILES = 1_000_000, 2


@dataclass(frozen=True, slots=True)
class StartOptions:
    """What the command line says about the windows: ``config_dir`` None is the system's place for BlinkQ."""

    config_dir: Path | None = None


def run(options: StartOptions | None = None) -> int:
    """Open BlinkQ and stay until it is quit; returns the exit status."""
    options = options or StartOptions()
    config_dir = options.config_dir or default_config_directory()
    config_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    _log_to_file(config_dir / "blinkq.log")
    qt = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(qt, QApplication)
    qt.setApplicationName("BlinkQ")
    qt.setApplicationVersion(blinkq.__version__)
    qt.setDesktopFileName("blinkq")
    qt.setQuitOnLastWindowClosed(False)
    translators = _translate(qt)
    application = Application(qt, SIPSimpleMiddleware(config_dir), config_dir)
    sys.excepthook = application.unexpected
    loop = qasync.QEventLoop(qt)
    asyncio.set_event_loop(loop)
    try:
        with loop:
            loop.run_until_complete(application.main())
    finally:
        sys.excepthook = sys.__excepthook__
        application.close()
        del translators
    return 0


class Application(QObject):
    """Everything that has windows. ``main`` runs it; without a loop (tests) ``show`` and ``close`` are enough."""

    def __init__(self, qt: QApplication, middleware: Middleware, config_dir: Path, clock: Clock | None = None) -> None:
        super().__init__()
        self.middleware = middleware
        self._qt = qt
        self._quit: asyncio.Event | None = None
        self._closed = False
        self._told_about_tray = False
        settings = QSettings(str(config_dir / "windows.ini"), QSettings.Format.IniFormat)
        self.theme = Theme(qt, _appearance(settings))
        qt.setWindowIcon(tray_icon("blinkq"))
        self.bridge = NotificationBridge(self)
        self.history = History(config_dir / "history.sqlite")
        self.accounts = AccountList(middleware, self.bridge, self)
        clock = clock or SystemClock()
        self.calls = CallList(middleware, self.bridge, clock, self.history, self)
        self.ringer = Ringer(middleware, self.calls, self)
        self.transfers = Transfers(self.bridge, self.calls, self)
        self.contacts = ContactList(middleware.people, self.bridge, self)
        self.calls.name_of = self.contacts.name_of
        self.messages = Messages(middleware, self.bridge, clock, self.calls, settings, config_dir / "messages.sqlite", self)
        self.messages.name_with(self.contacts.name_of)
        self.desktops = Desktops(middleware, self.bridge, clock, settings, self)
        self.desktops.name_of = self.contacts.name_of
        offered = OfferedMedia(self.messages.chats, self.messages.files, self.desktops, self)
        self.visitors = Visitors(middleware, self.bridge, self.calls, offered, self)
        self.proposals = Proposals(middleware, self.bridge, self.calls, offered, self)
        media = CallMedia(self.messages.chats, self.messages.files, self.desktops, self)
        media.files_wanted.connect(self.messages.files_window.come_to_front)
        models = Models(self.accounts, self.calls, self.transfers, self.contacts, self.messages.chats, self.messages.files, media)
        self.window = MainWindow(middleware, self.bridge, models, self.theme, settings)
        self.desktop_commands = DesktopCommands(self.window, self.desktops, self.calls)
        self.tray = Tray(middleware, self.calls, self.accounts, self)
        answers = Answers(middleware, self.bridge, self.calls, offered, self)
        self._dialogs = Dialogs(self.calls, answers, self.ringer, self.window)
        self.notices = Notices(self.bridge, self.window.show_notice, self)
        self._connect()

    @property
    def dialogs(self) -> list[QDialog]:
        """The dialogs that ask something of their own accord and are open."""
        return self._dialogs.open

    async def main(self) -> None:
        """Show the window, start the middleware, stay until the user quits, stop the middleware."""
        self._quit = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, self.quit)
            except NotImplementedError:  # not on this system
                pass
        self.show()
        if self.start():
            await self._quit.wait()
            await self._stop_middleware()
        else:
            await self._quit.wait()

    def show(self) -> None:
        """Show the main window and the tray icon."""
        self.window.show()
        self.tray.show()

    def start(self) -> bool:
        """Start the middleware; a configuration that cannot be used is told, not raised."""
        try:
            self.middleware.start()
        except (BlinkQError, OSError) as error:
            log.error("cannot start: %s", error)
            self.window.show_notice(self.tr("BlinkQ cannot make calls: %1").replace("%1", str(error)))
            self.window.hide_on_close = False  # nothing could reach it in the tray
            return False
        self.accounts.reload()
        self.window.refresh()
        return True

    def quit(self) -> None:
        """End BlinkQ."""
        for window in (self.window, self.messages.chat_window, self.messages.files_window):
            window.hide()
        self.desktops.close()
        self._dialogs.close()
        self.tray.close()
        self.ringer.close()
        if self._quit is not None:
            self._quit.set()

    def close(self) -> None:
        """Give everything back. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self.ringer.close()
        self.tray.close()
        self.calls.close()
        self.messages.close()
        self.desktops.close()
        self.bridge.close()
        self.window.retire()
        self.history.close()
        # at once and first: a window must not outlive the models that it shows
        for window in (self.messages.chat_window, self.messages.files_window, self.window):
            sip.delete(window)

    def unexpected(self, kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> None:
        """An exception that nobody caught: logged in full, told in a sentence; calls go on."""
        log.error("unexpected error", exc_info=(kind, value, trace))
        if not issubclass(kind, KeyboardInterrupt) and not self._closed:
            text = self.tr("Something went wrong inside BlinkQ (%1). Calls go on; please report what you did, with the file %2.")
            self.window.show_notice(text.replace("%1", f"{kind.__name__}: {value}").replace("%2", "blinkq.log"))
        elif self._quit is not None:
            self.quit()

    # helpers ---------------------------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        self.calls.added.connect(self._dialogs.ask_call)
        self.proposals.asked.connect(self._dialogs.ask_request)
        self.transfers.asked.connect(self._dialogs.ask_request)
        self.visitors.asked.connect(self._dialogs.ask_request)
        self.messages.call_wanted.connect(self._call_chat)
        self.window.ui.messageSoundAction.setChecked(self.messages.alert.enabled)
        self.window.ui.messageSoundAction.triggered.connect(self.messages.alert.enable)
        self.messages.tell = lambda title, text: self.tray.notify(title, text, self.messages.come_to_front)
        self.tray.unread = lambda: self.messages.chats.unread
        self.messages.chats.changed.connect(self.tray.refresh)
        self.tray.chats_wanted.connect(self.messages.chat_window.come_to_front)
        self.window.messages.chats_wanted.connect(self.messages.chat_window.come_to_front)
        self.window.messages.files_wanted.connect(self.messages.files_window.come_to_front)
        self.window.quit_wanted.connect(self.quit)
        self.window.closing.connect(self._window_closed)
        self.window.muted_changed.connect(lambda _muted: self.tray.refresh())
        self.tray.show_wanted.connect(self.window.come_to_front)
        self.tray.quit_wanted.connect(self.window.ui.quitAction.trigger)
        self.tray.mute_wanted.connect(self.window.set_muted)
        self.window.hide_on_close = self.tray.available
        self.bridge.listen("SIPApplicationDidStart", self._NH_SIPApplicationDidStart)
        self.messages.store.unreadable.connect(self._messages_unreadable)
        if self.history.kept_aside is not None:
            text = self.tr("The list of recent calls was unreadable. It is kept as %1, and a new one begins.")
            self.window.show_notice(text.replace("%1", str(self.history.kept_aside)))

    def _messages_unreadable(self, kept_aside: str) -> None:
        text = self.tr("The history of messages was unreadable. It is kept as %1, and a new one begins.")
        self.window.show_notice(text.replace("%1", kept_aside))

    def _call_chat(self, chat: Chat) -> None:
        """Call whom a chat is with."""
        self.window.come_to_front()
        self.window.place_call(chat.uri, chat.name, chat.account)

    async def _stop_middleware(self) -> None:
        ended = self.bridge.expect("SIPApplicationDidEnd")
        self.middleware.stop()
        try:
            await asyncio.wait_for(ended, END_TIMEOUT)
        except TimeoutError:
            log.warning("the engine did not end within %s s", END_TIMEOUT)

    def _window_closed(self) -> None:
        if not self._told_about_tray:
            self._told_about_tray = True
            self.tray.notify(self.tr("BlinkQ is still running"), self.tr("Calls reach you as before. Quit from this icon's menu."))

    def _NH_SIPApplicationDidStart(self, _notification: Notification) -> None:
        self.accounts.reload()
        self.window.started()
        self.tray.refresh()


def _appearance(settings: QSettings) -> Appearance:
    try:
        return Appearance(str(settings.value("appearance", Appearance.SYSTEM.value)))
    except ValueError:  # edited by hand
        return Appearance.SYSTEM


def _translate(qt: QCoreApplication) -> list[QTranslator]:
    translators = []
    for name, folder in (("qtbase", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)), ("blinkq", str(resource("i18n")))):
        translator = QTranslator(qt)
        if translator.load(QLocale(), name, "_", folder):
            qt.installTranslator(translator)
            translators.append(translator)
    return translators


def _log_to_file(path: Path) -> None:
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=LOG_SIZE, backupCount=LOG_FILES, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.setLevel(logging.INFO)
    for console in logging.getLogger().handlers:
        console.setLevel(max(console.level, logging.WARNING))  # the file takes more than the terminal shows
    logger = logging.getLogger("blinkq")
    logger.addHandler(handler)
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
