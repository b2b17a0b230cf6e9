"""A real server and a real Chromium; skipped with the reason where Chromium is missing."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser.server import Server

WAIT_S = 10
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


class Screen:
    """A browser with short words for what tests do.  ``until`` waits; nothing sleeps."""

    def __init__(self, driver: WebDriver, server: Server) -> None:
        self.driver = driver
        self.server = server

    def enter(self, name: str = "Mei Lin", role: str = "admin") -> None:
        self.driver.get(self.server.link(name, role))
        self.click("main button")
        self.until(lambda: self.driver.execute_script("return document.body.dataset.live") == "on")

    def open(self, path: str) -> None:
        self.driver.get(self.server.url + path)

    def find(self, selector: str) -> Any:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[Any]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        return str(self.driver.execute_script(f"return document.querySelector({selector!r})?.innerText ?? ''"))

    def click(self, selector: str) -> None:
        self.until(lambda: self.find(selector).is_displayed())
        self.find(selector).click()

    def type(self, keys: str, selector: str = "body") -> None:
        """Into the element as it stands now: a live update may have replaced the one found a moment ago."""
        WebDriverWait(self.driver, WAIT_S, 0.05, (StaleElementReferenceException,)).until(
            lambda _driver: self.find(selector).send_keys(keys) is None
        )

    def press(self, *keys: str) -> None:
        """Keys to whatever has the focus."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def until(self, met: Callable[[], Any]) -> Any:
        ignored = (Exception,)
        return WebDriverWait(self.driver, WAIT_S, 0.05, ignored).until(lambda _driver: met())

    def shows(self, selector: str, words: str) -> None:
        """Wait until the words are there."""
        self.until(lambda: words in self.text(selector))

    def script(self, source: str, *values: Any) -> Any:
        return self.driver.execute_script(source, *values)

    def size(self, width: int, height: int, *, touch: bool = False) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": touch}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": touch})

    def scheme(self, name: str) -> None:
        features = [{"name": "prefers-color-scheme", "value": name}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def complaints(self) -> list[str]:
        """Errors and policy violations since the last time, from the browser's console."""
        return [line["message"] for line in self.driver.get_log("browser") if line["level"] == "SEVERE"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    """One for this worker process: starting it takes longer than most tests."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver_path = shutil.which("chromedriver")
    if chromium is None or driver_path is None:
        pytest.skip("Chromium and chromedriver wanted: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (*ARGUMENTS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver_path))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture
def screen(server: Server, chromium: WebDriver) -> Iterator[Screen]:
    """A fresh page of a browser that knows nobody."""
    last = chromium.current_window_handle
    chromium.switch_to.new_window("tab")
    fresh = chromium.current_window_handle
    chromium.switch_to.window(last)
    chromium.close()
    chromium.switch_to.window(fresh)
    chromium.execute_cdp_cmd("Network.clearBrowserCookies", {})
    screen = Screen(chromium, server)
    screen.complaints()
    screen.size(1280, 800)
    yield screen
    assert screen.complaints() == []
