#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The page of `ringside run --trace`, in a real browser: chromium, headless, driven by chromedriver.

trace_page_test.py PROGRAM DRIVERS

Runs the program on a stack of three drivers (tests/drivers/layers.c), whose names and prints try to break out of the
page, and on an exhibit of the museum that ends in a bug check; then uses both pages as a person would.
"""
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

WAIT_SECONDS = 30

# Keys as WebDriver spells them.
RIGHT, ENTER, ESCAPE = "\ue014", "\ue007", "\ue00c"


class Browser:
    """A session of chromedriver, by the standard library alone."""

    def __init__(self, folder):
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                       text=True, env={**os.environ, "HOME": folder, "TMPDIR": folder})
        for line in self.driver.stdout:
            if "successfully on port" in line:
                self.base = "http://127.0.0.1:" + line.rstrip().rstrip(".").rsplit(" ", 1)[1]
                break
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--window-size=1280,1000", "--user-data-dir=" + folder + "/profile"]
        capabilities = {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": {"args": arguments},
                                        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}
        session = self.call("POST", "/session", {"capabilities": capabilities})
        self.base += "/session/" + session["sessionId"]

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:
            return json.load(answer)["value"]

    def js(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def devtools(self, command, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def load(self, path):
        self.call("POST", "/url", {"url": "file://" + path})
        self.wait("return document.body.dataset.ready === 'yes'")

    def wait(self, script):
        end = time.monotonic() + WAIT_SECONDS
        while not self.js(script):
            if time.monotonic() > end:
                raise AssertionError("never true: " + script)
            time.sleep(0.02)

    def element(self, selector):
        found = self.call("POST", "/element", {"using": "css selector", "value": selector})
        return next(iter(found.values()))

    def click(self, selector):
        self.js("document.querySelector(arguments[0]).scrollIntoView({ block: 'center' })", selector)
        self.call("POST", f"/element/{self.element(selector)}/click", {})

    def type(self, selector, text):
        self.call("POST", f"/element/{self.element(selector)}/value", {"text": text})

    def log(self, kind):
        return self.call("POST", "/se/log", {"type": kind})

    def close(self):
        try:
            self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()


failures = 0


def check(what, is_so, saw=None):
    global failures
    if not is_so:
        failures += 1
        print(f"FAILED: {what}" + ("" if saw is None else f"\n  saw: {saw}"))


def equal(what, saw, wanted):
    check(what, saw == wanted, f"{saw!r}\n  not: {wanted!r}")


def view(browser):
    # Painting is a frame later.
    browser.call("POST", "/execute/async",
                 {"script": "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done))",
                  "args": []})
    return [float(x) for x in browser.js("return document.body.dataset.view").split()]


def whole_stack(browser, page):
    browser.load(page)
    equal("no word of a driver became markup", browser.js("return document.querySelectorAll('img, iframe').length"), 0)
    equal("the title is ours", browser.js("return document.title"), "Ringside: clean")
    lanes = browser.js("return [...document.querySelectorAll('[data-lane]')].map(e => e.dataset.lane)")
    data = browser.js("const d = JSON.parse(document.getElementById('trace-data').textContent);"
                      "return { processors: d.meta.processors, threads: d.threads.filter(t => !t.idle).map(t => t.n) }")
    equal("one lane for each processor and thread", lanes,
          [f"cpu{i}" for i in range(data["processors"])] + [f"t{n}" for n in data["threads"]])
    equal("the stack from top to bottom",
          browser.js("return [...document.querySelectorAll('.stack b')].map(e => e.textContent)"),
          ["layers_top", "layers_middle", "layers_bottom"])
    check("a hostile device name is shown as it is",
          "</script><img" in browser.js("return document.getElementById('stacks').textContent"))

    # The request that the lowest driver kept until its timer's DPC: down, back with STATUS_PENDING, up in the DPC.
    number = browser.js("return [...document.querySelectorAll('#irps button')].find(b => "
                        "b.textContent.includes('0x80002000')).dataset.irp")
    browser.click(f"#irps button[data-irp='{number}']")
    equal("its columns", browser.js("return [...document.querySelectorAll('.names span')].map(e => e.textContent)"),
          ["client", "layers_top", "layers_middle", "layers_bottom"])
    equal("its rows in order", browser.js("return [...document.querySelectorAll('#ladder .row')].map(e => e.dataset.kind)"),
          ["made", "down", "down", "down", "returned", "returned", "returned", "completed", "up", "up-returned", "up",
           "up-returned", "freed"])
    rows = browser.js("return [...document.querySelectorAll('#ladder .row')].map(e => e.textContent)")
    check("it came back pending", all("STATUS_PENDING" in row for row in rows[4:7]), rows[4:7])
    check("it was completed in the DPC", "DISPATCH" in rows[7] and "STATUS_SUCCESS" in rows[7], rows[7])
    check("calls have their source line", "at layers.c:" in rows[2] and "enters layers.c:" in rows[2], rows[2])
    check("and so has the completion", "at layers.c:" in rows[7] and "Complete" in rows[7], rows[7])
    browser.click("#ladder .row[data-kind=completed]")
    check("a row tells itself in the details",
          "IRP completed" in browser.js("return document.getElementById('detail').textContent"))

    # Filters.
    browser.js("const s = document.getElementById('f-state'); s.value = 'failed'; s.dispatchEvent(new Event('change'))")
    equal("only the failed one", browser.js("return [...document.querySelectorAll('#irps button')].map(b => "
                                            "b.textContent.includes('STATUS_INVALID_DEVICE_REQUEST'))"), [True])
    browser.js("const s = document.getElementById('f-state'); s.value = ''; s.dispatchEvent(new Event('change'))")

    # Zoom and moving, by button, key and wheel.
    browser.click("#fit")
    whole = view(browser)
    browser.click("#in")
    near = view(browser)
    check("the button zooms in", near[1] - near[0] < whole[1] - whole[0], near)
    browser.type("#lanes", "+")
    nearer = view(browser)
    check("the key zooms in", nearer[1] - nearer[0] < near[1] - near[0], nearer)
    browser.type("#lanes", RIGHT)
    check("the arrow moves", view(browser)[0] > nearer[0])
    browser.type("#lanes", "f")
    equal("f shows all", view(browser), whole)
    browser.js("const r = document.querySelector('.ruler svg').getBoundingClientRect();"
               "document.getElementById('lanes').dispatchEvent(new WheelEvent('wheel', { deltaY: -100, ctrlKey: true, "
               "clientX: r.left + 10, clientY: r.top, bubbles: true, cancelable: true }))")
    check("Ctrl and the wheel zoom", view(browser)[1] < whole[1])
    browser.click("#axis")
    times = view(browser)
    equal("the axis of time", browser.js("return document.getElementById('unit').textContent"), "virtual time")
    browser.click("#axis")
    check("has other numbers", times != view(browser))

    # Search by keyboard alone.
    browser.type("#lanes", "/")
    equal("a slash goes to the search", browser.js("return document.activeElement.id"), "search")
    browser.type("#search", "onerror=")
    equal("hostile prints are found", browser.js("return document.getElementById('found').textContent"), "1 of 2")
    check("and shown as text", "</script><img src=x onerror=" in browser.js(
        "return document.getElementById('detail').textContent"))
    browser.type("#search", ENTER)
    equal("Enter goes on", browser.js("return document.getElementById('found').textContent"), "2 of 2")
    browser.type("#search", ESCAPE)
    equal("Escape leaves", browser.js("return document.activeElement.id"), "lanes")

    # The next event by key, and a bar on the time line chooses its request.
    before = browser.js("return document.getElementById('detail').textContent")
    browser.type("#lanes", "fn")
    check("n goes to the next event", before != browser.js("return document.getElementById('detail').textContent"))
    view(browser)
    browser.js("document.querySelector('#lanes rect.dispatch[data-irp=\"1\"]').dispatchEvent("
               "new MouseEvent('click', { bubbles: true }))")
    check("a bar chooses its request",
          browser.js("return document.getElementById('h-path').textContent").startswith("Path of IRP #1 "))


def schemes_and_sizes(browser, page):
    def colour():
        return browser.js("return getComputedStyle(document.body).backgroundColor")
    seen = {}
    for scheme in ("light", "dark"):
        browser.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        browser.load(page)
        seen[scheme] = colour()
    check("dark is not light", seen["light"] != seen["dark"], seen)
    browser.click("#theme")
    equal("the button changes it back", colour(), seen["light"])
    for width in (1280, 390):
        browser.devtools("Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=1,
                         mobile=False)
        browser.load(page)
        wide = browser.js("return [document.documentElement.scrollWidth, window.innerWidth]")
        check(f"the body does not scroll sideways at {width}", wide[0] <= wide[1], wide)
        equal(f"it is {width} wide", wide[1], width)
    browser.devtools("Emulation.clearDeviceMetricsOverride")


def bug_check(browser, page):
    browser.load(page)
    equal("the end stands at the top", browser.js("return document.getElementById('result').textContent"),
          "bug check 0x44 MULTIPLE_IRP_COMPLETE_REQUESTS")
    check("the rule stands below",
          "rule DoubleCompletion" in browser.js("return document.getElementById('words').textContent"))
    check("the way back is shown",
          "--seed 1" in browser.js("return document.querySelector('#replay code').textContent"))
    check("the moment is marked in every lane", browser.js(
        "return [...document.querySelectorAll('[data-lane] svg')].every(s => s.querySelector('.crash'))"))
    check("the routine that did not return is told",
          browser.js("return document.querySelectorAll('.b.lost').length") > 0)
    check("the crash is what one sees first",
          browser.js("return document.getElementById('detail').textContent").startswith("bug check 0x44"))


def nothing_asked_of_anybody(browser, pages):
    errors = [entry for entry in browser.log("browser")]
    equal("no error on the console", errors, [])
    urls = set()
    for entry in browser.log("performance"):
        message = json.loads(entry["message"])["message"]
        # The browser's own first page loads what it likes.
        if message["method"] == "Network.requestWillBeSent" and message["params"]["documentURL"].startswith("file:"):
            urls.add(message["params"]["request"]["url"])
    equal("nothing is loaded but the pages", urls - {"file://" + page for page in pages}, set())
    check("and they are", len(urls) > 0)


def main():
    program, drivers = sys.argv[1:]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        stack, crash = folder + "/stack.html", folder + "/crash.html"
        layers = [f"{drivers}/layers_{name}.sys" for name in ("bottom", "middle", "top")]
        subprocess.run([program, "run", *layers, "--open", r"\\.\Layers", "--ioctl", "0x80002000", "--ioctl",
                        "0x80002004", "--quiet-said", "--trace", stack], check=True, stdout=subprocess.DEVNULL)
        ended = subprocess.run([program, "run", drivers + "/museum_double_completion.sys", "--ioctl", "0x80002000",
                                "--trace", crash], stdout=subprocess.DEVNULL)
        equal("the exhibit ends in its bug check", ended.returncode, 2)
        browser = Browser(folder)
        try:
            whole_stack(browser, stack)
            bug_check(browser, crash)
            schemes_and_sizes(browser, stack)
            nothing_asked_of_anybody(browser, [stack, crash])
        finally:
            browser.close()
    return 1 if failures else 0


sys.exit(main())
