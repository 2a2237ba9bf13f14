//! The HTML report in a real browser: Chromium by way of chromedriver, where both are installed.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use jenkins_cmp::report::{self, Builder, Fingerprints, Side};
use serde_json::{Value, json};

use crate::support::{TempDir, note};

/// A program of one of these names on the `PATH`.
fn program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let directories: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let places = names.iter().flat_map(|name| {
        directories
            .iter()
            .map(move |directory| directory.join(name))
    });
    places.into_iter().find(|place| place.is_file())
}

/// A browser with one window, closed at the end.
struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: TempDir,
}

impl Browser {
    /// Starts it; nothing where it is not installed.
    fn start() -> Option<Browser> {
        let chromium = program(&["chromium", "chromium-browser", "google-chrome", "chrome"]);
        let (Some(chromium), Some(driver)) = (chromium, program(&["chromedriver"])) else {
            note(
                "the HTML report is NOT tested in a browser: there is no chromium or no \
                 chromedriver on the PATH (Debian: `apt-get install chromium chromium-driver`)",
            );
            return None;
        };
        let profile = TempDir::new("browser");
        let mut driver = Command::new(driver)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let lines = BufReader::new(driver.stdout.take().expect("its standard output")).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        let mut browser = Browser {
            driver,
            port: port.expect("chromedriver tells its port"),
            session: String::new(),
            _profile: profile,
        };
        let arguments = json!([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--force-color-profile=srgb",
            format!("--user-data-dir={}", browser._profile.path().display()),
        ]);
        let answer = browser.call(
            "POST",
            "/session",
            &json!({"capabilities": {"alwaysMatch": {
                "goog:chromeOptions": {"binary": chromium, "args": arguments},
                "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            }}}),
        );
        let session = answer["sessionId"].as_str().expect("a session");
        browser.session = format!("/session/{session}");
        Some(browser)
    }

    /// One request of the WebDriver protocol; gives its value.
    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("chromedriver");
        let timeout = Some(Duration::from_secs(120));
        stream.set_read_timeout(timeout).expect("a timeout");
        let body = match method {
            "POST" => body.to_string(),
            _ => String::new(),
        };
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}",
            self.port
        )
        .expect("a request");
        let answer = read_answer(stream);
        let answer: Value = serde_json::from_str(&answer).expect("an answer in JSON");
        let value = answer["value"].clone();
        assert!(value["error"].is_null(), "{method} {path}: {value}");
        value
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.call("POST", &format!("{}{path}", self.session), body)
    }

    fn open(&self, page: &Path) {
        self.post(
            "/url",
            &json!({"url": format!("file://{}", page.display())}),
        );
    }

    /// What a script returns.
    fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// The path of the element that a CSS selector finds.
    fn element(&self, selector: &str) -> String {
        let using = json!({"using": "css selector", "value": selector});
        let found = self.post("/element", &using);
        let id = found.as_object().and_then(|found| found.values().next());
        let id = id.and_then(Value::as_str).expect("an element");
        format!("/element/{id}")
    }

    fn click(&self, selector: &str) {
        self.post(&format!("{}/click", self.element(selector)), &json!({}));
    }

    fn type_into(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.post(&format!("{element}/value"), &json!({"text": text}));
    }

    /// A command of the browser's own protocol.
    fn devtools(&self, command: &str, parameters: Value) {
        let body = json!({"cmd": command, "params": parameters});
        self.post("/goog/cdp/execute", &body);
    }

    fn log(&self, kind: &str) -> Vec<Value> {
        let log = self.post("/se/log", &json!({"type": kind}));
        log.as_array().cloned().unwrap_or_default()
    }

    /// The titles of the changes that are to be seen.
    fn titles(&self) -> Vec<String> {
        let titles = self.run(
            "return Array.from(document.querySelectorAll('details:not([hidden]) summary'), \
             s => s.querySelector('code').textContent)",
        );
        let titles = titles.as_array().cloned().unwrap_or_default();
        let text = |title: &Value| title.as_str().unwrap_or_default().to_owned();
        titles.iter().map(text).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() && !std::thread::panicking() {
            self.call("DELETE", &self.session, &Value::Null);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// The body of an HTTP answer with a length.
fn read_answer(stream: TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a head");
        if line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a whole body");
    String::from_utf8(body).expect("UTF-8")
}

/// A report with a restart, a reload, a Secret, text that would like to act, and a failure.
fn page() -> String {
    let stream = |image: &str, text: &str, secret: &str| {
        format!(
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: jenkins}}\nspec:\n  template:\n    \
             spec: {{containers: [{{name: jenkins, image: '{image}'}}]}}\n---\n\
             apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: notes}}\ndata:\n  text: \"{text}\"\n  \
             \"</script><script>window.hacked=1</script>\": '{image}'\n---\n\
             apiVersion: v1\nkind: Secret\nmetadata: {{name: \"<img src=x onerror=window.hacked=2>\"}}\n\
             stringData: {{password: {secret}}}\n"
        )
    };
    let harm =
        "a\\n</pre></td><svg onload=window.hacked=3><style>*{display:none}</style>\\n&lt;b&gt;\\n";
    let before = stream("jenkins:1", "a\\nb\\n", "hunter2-old");
    let after = stream("jenkins:2", harm, "hunter2-new");
    let title = "main</title><script>window.hacked=4</script>";
    let mut builder = Builder::new(title, "work tree", Fingerprints::new("a key of tests"));
    for name in ["prod", "\"><a href=javascript:alert(1)>team"] {
        builder.add(name, Some(&before), Some(&after));
    }
    builder.fail("broken", Side::After, "values.yaml:3: <iframe src=x>");
    report::html(&builder.finish())
}

#[test]
fn the_page_works_in_a_browser() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let directory = TempDir::new("page");
    let file = directory.write("report.html", page());
    browser.log("performance");
    browser.open(&file);
    assert_eq!(browser.run("return document.readyState"), "complete");

    nothing_was_injected(&browser);
    nothing_was_loaded(&browser, &file);
    search_and_filters_narrow_the_page(&browser);
    changes_collapse_and_expand(&browser);
    colours_can_be_read(&browser);
    narrow_windows_need_no_scrolling_aside(&browser);
    even_an_injected_script_could_do_nothing(&browser);
}

fn nothing_was_injected(browser: &Browser) {
    assert!(browser.run("return window.hacked").is_null());
    let foreign = browser.run(
        "return document.querySelectorAll('img, svg, iframe, object, embed, a, form, link, base, \
         body style, [onerror], [onload]').length",
    );
    assert_eq!(foreign, 0);
    assert_eq!(browser.run("return document.scripts.length"), 1);
    // What would act is text.
    let text = browser.run("return document.body.textContent");
    let text = text.as_str().unwrap_or_default();
    for harm in [
        "<svg onload=",
        "<img src=x",
        "<iframe src=x>",
        "&lt;b&gt;",
        "<a href=",
    ] {
        assert!(text.contains(harm), "{harm} in {text}");
    }
    assert!(!text.contains("hunter2"), "{text}");
    let errors = browser.log("browser");
    assert!(errors.is_empty(), "{errors:?}");
}

fn nothing_was_loaded(browser: &Browser, file: &Path) {
    let mut loaded = Vec::new();
    for entry in browser.log("performance") {
        let message = entry["message"].as_str().unwrap_or_default();
        let message: Value = serde_json::from_str(message).expect("an event in JSON");
        let event = &message["message"];
        if event["method"] == "Network.requestWillBeSent" {
            let url = event["params"]["request"]["url"].as_str();
            let url = url.unwrap_or_default();
            // What the browser itself brings: the icon in a search field, the empty page of a new
            // tab. A `data:` address asks nobody; elements that could have one are counted above.
            let own = ["chrome://", "data:"];
            if !own.iter().any(|scheme| url.starts_with(scheme)) {
                loaded.push(url.to_owned());
            }
        }
    }
    assert_eq!(loaded, [format!("file://{}", file.display())]);
}

fn search_and_filters_narrow_the_page(browser: &Browser) {
    let all = browser.titles();
    assert_eq!(all, ["StatefulSet.apps", "ConfigMap", "Secret"]);
    let count = || browser.run("return document.getElementById('count').value");
    assert_eq!(count(), "3 of 3 changes");
    // Words anywhere in a change, in any order and case.
    browser.type_into("#search", "JENKINS:2 statefulset");
    assert_eq!(browser.titles(), ["StatefulSet.apps"]);
    assert_eq!(count(), "1 of 3 changes");
    let failure = "return document.querySelector('section.failed').hidden";
    assert_eq!(browser.run(failure), true);
    browser.type_into("#search", " nowhere");
    assert_eq!(browser.titles(), [""; 0]);
    assert_eq!(
        browser.run("return document.getElementById('none').hidden"),
        false
    );
    browser.run(
        "const s = document.getElementById('search'); s.value = ''; \
         s.dispatchEvent(new Event('input'))",
    );
    assert_eq!(browser.titles().len(), 3);
    browser.type_into("#search", "broken");
    assert_eq!(browser.run(failure), false);
    browser.run(
        "const s = document.getElementById('search'); s.value = ''; \
         s.dispatchEvent(new Event('input'))",
    );
    browser.click("#kind option[value='Secret']");
    assert_eq!(browser.titles(), ["Secret"]);
    browser.click("#impact option[value='restart']");
    assert_eq!(browser.titles(), [""; 0]);
    browser.click("#kind option[value='']");
    assert_eq!(browser.titles(), ["StatefulSet.apps"]);
    browser.click("#impact option[value='']");
    assert_eq!(browser.titles().len(), 3);
}

fn changes_collapse_and_expand(browser: &Browser) {
    let open = || browser.run("return document.querySelectorAll('details[open]').length");
    assert_eq!(open(), 3);
    browser.click("#close");
    assert_eq!(open(), 0);
    browser.click("summary");
    assert_eq!(open(), 1);
    browser.click("#open");
    assert_eq!(open(), 3);
}

/// The least contrast between a text and what is behind it, over all texts of the page.
const CONTRAST: &str = "
    const parts = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
    const light = ([r, g, b]) => {
      const linear = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
      return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    };
    const behind = node => {
      for (; node; node = node.parentElement) {
        const colour = parts(getComputedStyle(node).backgroundColor);
        if (colour.length === 3 || colour[3] > 0) return colour;
      }
      return [255, 255, 255];
    };
    let least = 21;
    for (const node of document.body.querySelectorAll('h1, h2, li, b, code, th, td, ins, del, span, pre, i, button, select, output')) {
      if (!node.textContent.trim() || !node.checkVisibility()) continue;
      const [a, b] = [light(parts(getComputedStyle(node).color)), light(behind(node))];
      least = Math.min(least, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
    }
    return least;";

fn colours_can_be_read(browser: &Browser) {
    let mut pages = Vec::new();
    for scheme in ["light", "dark"] {
        let feature = json!({"name": "prefers-color-scheme", "value": scheme});
        let features = json!({"features": [feature]});
        browser.devtools("Emulation.setEmulatedMedia", features);
        pages.push(browser.run("return getComputedStyle(document.body).backgroundColor"));
        // What the accessibility guidelines ask of small text.
        let contrast = browser.run(CONTRAST).as_f64().expect("a number");
        assert!(contrast >= 4.5, "{scheme}: {contrast}");
    }
    assert_eq!(pages, ["rgb(255, 255, 255)", "rgb(13, 17, 23)"]);
}

fn narrow_windows_need_no_scrolling_aside(browser: &Browser) {
    for width in [320, 800, 1600] {
        let size = json!({"width": width, "height": 300, "deviceScaleFactor": 1, "mobile": false});
        browser.devtools("Emulation.setDeviceMetricsOverride", size);
        let wide = browser.run("return document.documentElement.scrollWidth");
        assert!(wide.as_i64() <= Some(width), "{wide} in {width}");
        browser.run("window.scrollTo(0, document.body.scrollHeight)");
        let top = browser.run("return document.querySelector('.bar').getBoundingClientRect().top");
        let top = top.as_f64().expect("a number");
        let is_long = browser.run("return document.body.scrollHeight > 2 * window.innerHeight");
        assert!(is_long == false || top.abs() < 1.0, "the bar is at {top}");
    }
}

fn even_an_injected_script_could_do_nothing(browser: &Browser) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let port = listener.local_addr().expect("an address").port();
    browser.run(&format!(
        "const s = document.createElement('script'); s.textContent = 'window.hacked = 5'; \
         document.body.append(s); \
         const i = document.createElement('img'); i.src = 'http://127.0.0.1:{port}/'; \
         i.setAttribute('onerror', 'window.hacked = 6'); document.body.append(i)"
    ));
    std::thread::sleep(Duration::from_millis(300));
    assert!(browser.run("return window.hacked").is_null());
    assert!(listener.accept().is_err(), "a request left the page");
    let refused = browser.log("browser");
    assert!(refused.len() >= 2, "{refused:?}");
}
