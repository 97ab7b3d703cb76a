package page_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"
)

// A browser is Chromium behind chromedriver, which speaks WebDriver
// (https://www.w3.org/TR/webdriver2/): plain HTTP with JSON. The few calls that
// the tests make need no library.
type browser struct {
	t    *testing.T
	base string // of the session
}

// webElement is the key under which WebDriver hands out elements.
const webElement = "element-6066-11e4-a52e-4f735466cecf"

// shared is the one browser of all tests: starting it takes longer than most of them.
var shared struct {
	base string // of the session; empty until a test asks for a browser
	stop func()
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.stop != nil {
		shared.stop()
	}
	os.Exit(code)
}

// newBrowser returns Chromium as if it was just started: without cookies, wide,
// light, and with scripts. It skips the test where there is none.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	driver, err := exec.LookPath("chromedriver")
	if err != nil {
		t.Skip("no chromedriver on this machine; .ci/browser installs it")
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium on this machine; .ci/browser installs it")
	}
	b := &browser{t: t, base: shared.base}
	if b.base == "" {
		b.start(driver, chromium)
	}
	b.call("DELETE", "/cookie", nil, nil)
	b.cdp("Emulation.setScriptExecutionDisabled", map[string]any{"value": false})
	b.window(1280, 900, false)
	b.open("about:blank")
	b.complaints()
	return b
}

// start starts Chromium with a profile of its own.
func (b *browser) start(driver, chromium string) {
	b.t.Helper()
	dir, err := os.MkdirTemp("", "winnow-browser-")
	if err != nil {
		b.t.Fatal(err)
	}
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	addr := lis.Addr().String()
	lis.Close() // chromedriver cannot tell which free port it took
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command(driver, "--port="+port, "--log-level=SEVERE")
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	shared.stop = func() {
		if shared.base != "" {
			b.try("DELETE", "", nil, nil) // ends Chromium
		}
		cmd.Process.Kill()
		cmd.Wait()
		os.RemoveAll(dir)
	}
	b.base = "http://" + addr
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if r, err := http.Get(b.base + "/status"); err == nil {
			r.Body.Close()
			break
		} else if time.Now().After(end) {
			b.t.Fatal(err)
		}
	}
	args := []string{"--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--window-size=1280,900", "--user-data-dir=" + dir}
	if os.Getuid() == 0 {
		args = append(args, "--no-sandbox") // Chromium's sandbox does not run as root
	}
	var got struct{ SessionID string }
	b.call("POST", "/session", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
		"browserName":        "chrome",
		"goog:chromeOptions": map[string]any{"binary": chromium, "args": args},
		"goog:loggingPrefs":  map[string]any{"browser": "ALL"},
		"timeouts":           map[string]any{"implicit": 5000, "pageLoad": 30000, "script": 10000},
	}}}, &got)
	b.base += "/session/" + got.SessionID
	shared.base = b.base
}

// call makes one call and reads its value into out, which may be nil.
func (b *browser) call(method, path string, in, out any) {
	b.t.Helper()
	if err := b.try(method, path, in, out); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) try(method, path string, in, out any) error {
	var body io.Reader
	if method == "POST" {
		if in == nil {
			in = struct{}{}
		}
		j, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(j)
	}
	req, err := http.NewRequest(method, b.base+path, body)
	if err != nil {
		return err
	}
	c := http.Client{Timeout: time.Minute}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var reply struct{ Value json.RawMessage }
	if err := json.NewDecoder(resp.Body).Decode(&reply); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("webdriver: %s %s: %.300s", method, path, reply.Value)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(reply.Value, out)
}

func (b *browser) open(url string) {
	b.t.Helper()
	b.call("POST", "/url", map[string]string{"url": url}, nil)
}

// at is the address of the page that is shown.
func (b *browser) at() (url string) {
	b.t.Helper()
	b.call("GET", "/url", nil, &url)
	return url
}

// find waits for an element and returns it.
func (b *browser) find(css string) string {
	b.t.Helper()
	var e map[string]string
	b.call("POST", "/element", map[string]string{"using": "css selector", "value": css}, &e)
	return e[webElement]
}

// text is what a person reads of an element.
func (b *browser) text(css string) (s string) {
	b.t.Helper()
	b.call("GET", "/element/"+b.find(css)+"/text", nil, &s)
	return s
}

func (b *browser) click(css string) {
	b.t.Helper()
	b.call("POST", "/element/"+b.find(css)+"/click", nil, nil)
}

// fill types into a field.
func (b *browser) fill(css, s string) {
	b.t.Helper()
	b.call("POST", "/element/"+b.find(css)+"/value", map[string]string{"text": s}, nil)
}

// press presses keys, one after the other, wherever the focus is.
func (b *browser) press(keys string) {
	b.t.Helper()
	var actions []map[string]any
	for _, k := range keys {
		actions = append(actions, map[string]any{"type": "keyDown", "value": string(k)}, map[string]any{"type": "keyUp", "value": string(k)})
	}
	b.call("POST", "/actions", map[string]any{"actions": []map[string]any{{"type": "key", "id": "k", "actions": actions}}}, nil)
}

// eval runs a script in the page, which returns its result.
func (b *browser) eval(script string, out any) {
	b.t.Helper()
	b.call("POST", "/execute/sync", map[string]any{"script": script, "args": []any{}}, out)
}

// wait waits until a script returns true.
func (b *browser) wait(script string) {
	b.t.Helper()
	for end := time.Now().Add(15 * time.Second); ; time.Sleep(30 * time.Millisecond) {
		var ok bool
		// A page that is just being left answers with an error.
		if err := b.try("POST", "/execute/sync", map[string]any{"script": script, "args": []any{}}, &ok); err == nil && ok {
			return
		} else if time.Now().After(end) {
			b.t.Fatalf("waited in vain for %s (%v) at %s", script, err, b.at())
		}
	}
}

// cdp sends a command of Chromium's own protocol.
func (b *browser) cdp(cmd string, params map[string]any) {
	b.t.Helper()
	b.call("POST", "/goog/cdp/execute", map[string]any{"cmd": cmd, "params": params}, nil)
}

// window sets the size of what is seen, in CSS pixels, and the colours asked for.
func (b *browser) window(width, height int, dark bool) {
	b.t.Helper()
	b.cdp("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	b.cdp("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}})
}

// shot writes a picture of what is seen to a PNG file.
func (b *browser) shot(file string) {
	b.t.Helper()
	var s string
	b.call("GET", "/screenshot", nil, &s)
	p, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(file, p, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// complaints are what the browser said in its console since the last call:
// errors of scripts, and what the content policy refused.
func (b *browser) complaints() (out []string) {
	b.t.Helper()
	var entries []struct{ Level, Message string }
	b.call("POST", "/se/log", map[string]string{"type": "browser"}, &entries)
	for _, e := range entries {
		if e.Level != "DEBUG" && e.Level != "INFO" {
			out = append(out, e.Level+": "+e.Message)
		}
	}
	return out
}
