package page_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"winnow/audit/page"
)

const token = "a-token-for-these-tests"

func withToken(c *page.Config) { c.Tokens = []string{"another-token-that-is-good", token} }

// everyPath is one address of each kind.
var everyPath = []string{"/", "/documents", "/documents/1", "/documents/1/clean", "/documents/1/clean?raw=1", "/documents/1/removal/0",
	"/documents/1/dropped", "/documents/1/restored", "/rules", "/rule?id=dailyexample.com/alerts", "/publishers", "/publisher?name=dailyexample.com",
	"/search?q=ferry", "/review", "/replay", "/history", "/drift", "/nowhere"}

func TestHeaders(t *testing.T) {
	f := newFixture(t, nil)
	f.record("harbour", rightText)
	v := f.visitor()
	for _, path := range append(everyPath, "/assets/nothing") {
		resp, _ := v.do("GET", path, nil, nil)
		for name, want := range map[string]string{
			"X-Content-Type-Options":       "nosniff",
			"X-Frame-Options":              "DENY",
			"Referrer-Policy":              "same-origin",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Cache-Control":                "no-store",
		} {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("%s: %s: %q, want %q", path, name, got, want)
			}
		}
		csp := resp.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: the policy lacks %s: %s", path, want, csp)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") {
			t.Errorf("%s: the policy is loose: %s", path, csp)
		}
	}
}

// TestNothingInline: the policy forbids what the pages do not have.
func TestNothingInline(t *testing.T) {
	f := newFixture(t, nil)
	f.record("harbour", wrongText+rightText)
	v := f.visitor()
	for _, path := range everyPath {
		_, body := v.do("GET", path, nil, nil)
		for _, never := range []string{" style=", " onclick=", " onload=", " onerror=", "<style", "<script>", "javascript:", "http://", "https://www", "//cdn"} {
			if i := strings.Index(body, never); i >= 0 {
				t.Errorf("%s holds %q: %.100s", path, never, body[i:])
			}
		}
	}
}

func TestAssets(t *testing.T) {
	f := newFixture(t, withToken)
	v := f.visitor()
	_, body := v.do("GET", "/", nil, nil)
	for _, part := range strings.Split(body, `"`) {
		if !strings.HasPrefix(part, "/assets/") {
			continue
		}
		resp, asset := v.do("GET", part, nil, nil)
		if resp.StatusCode != http.StatusOK || asset == "" || !strings.Contains(resp.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %s", part, resp.Status)
		}
	}
	if n := strings.Count(body, `"/assets/`); n != 3 {
		t.Errorf("%d assets, want 3", n)
	}
}

// TestNobodyWithoutToken: no page and no change without a token.
func TestNobodyWithoutToken(t *testing.T) {
	f := newFixture(t, withToken)
	id := f.record("harbour", wrongText)
	v := f.visitor()
	for _, path := range everyPath {
		resp, body := v.do("GET", path, nil, nil)
		if resp.StatusCode != http.StatusUnauthorized || strings.Contains(body, "Okafor") || strings.Contains(body, "dailyexample.com</") {
			t.Errorf("GET %s: %s", path, resp.Status)
		}
	}
	for _, path := range []string{"/documents/1/mark", "/documents/1/replay", "/replay", "/rule", "/who", "/logout"} {
		if resp, _ := v.do("POST", path, url.Values{"wrong": {"0"}}, nil); resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("POST %s: %s", path, resp.Status)
		}
	}
	for _, wrong := range []string{"", "a-token-for-these-test", token + "x", strings.ToUpper(token)} {
		resp, body := v.do("POST", "/login", url.Values{"token": {wrong}}, nil)
		if resp.StatusCode != http.StatusForbidden || len(resp.Cookies()) > 0 || !strings.Contains(body, "not one of the server") {
			t.Errorf("token %q: %s, cookies %v", wrong, resp.Status, resp.Cookies())
		}
		if resp, _ := v.do("GET", "/", nil, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+wrong) }); resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("Authorization with %q: %s", wrong, resp.Status)
		}
	}
	if ms, err := f.store.Marks(context.Background(), id, ""); err != nil || len(ms) > 0 {
		t.Errorf("marks %v, %v", ms, err)
	}
}

func TestLogin(t *testing.T) {
	f := newFixture(t, withToken)
	f.record("harbour", rightText)
	v := f.visitor()
	_, body := v.do("GET", "/documents?publisher=dailyexample.com", nil, nil)
	wants(t, body, `name="token" type="password"`, `name="to" value="/documents?publisher=dailyexample.com"`)
	resp, _ := v.do("POST", "/login", url.Values{"token": {token}, "who": {"  Jane\u202E  Doe "}, "to": {"/documents?publisher=dailyexample.com"}}, nil)
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/documents?publisher=dailyexample.com" {
		t.Fatalf("%s to %q", resp.Status, resp.Header.Get("Location"))
	}
	c := resp.Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.MaxAge <= 0 || c.Secure {
		t.Errorf("the cookie is %+v", c)
	}
	if strings.Contains(c.Value, token) {
		t.Error("the cookie holds the token")
	}
	wants(t, v.get("/"), `name="who" value="Jane Doe"`, "Log out")

	// The session ends by itself, and by logging out.
	f.clock = f.clock.Add(13 * time.Hour)
	if resp, _ := v.do("GET", "/", nil, nil); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("after 13 hours: %s", resp.Status)
	}
	v.do("POST", "/login", url.Values{"token": {token}}, nil)
	wants(t, v.get("/"), `name="who" value="tester"`)
	v.do("POST", "/logout", url.Values{"csrf": {v.csrf}}, nil)
	if resp, _ := v.do("GET", "/", nil, nil); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("after logging out: %s", resp.Status)
	}
}

func TestSecureCookie(t *testing.T) {
	f := newFixture(t, func(c *page.Config) { c.Secure = true })
	resp, _ := f.visitor().do("GET", "/", nil, nil)
	if c := resp.Cookies()[0]; !c.Secure {
		t.Errorf("over TLS the cookie is %+v", c)
	}
}

func TestLoginLeadsNowhereElse(t *testing.T) {
	f := newFixture(t, withToken)
	v := f.visitor()
	for _, to := range []string{"https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example", "javascript:alert(1)", "", "/\t/elsewhere.example"} {
		resp, _ := v.do("POST", "/login", url.Values{"token": {token}, "to": {to}}, nil)
		if got := resp.Header.Get("Location"); got != "/" {
			t.Errorf("to %q leads to %q", to, got)
		}
	}
}

func TestBearer(t *testing.T) {
	f := newFixture(t, withToken)
	f.record("harbour", wrongText)
	v := f.visitor()
	bearer := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
	if resp, _ := v.do("GET", "/documents", nil, bearer); resp.StatusCode != http.StatusOK || len(resp.Cookies()) > 0 {
		t.Errorf("%s, cookies %v", resp.Status, resp.Cookies())
	}
	if resp, _ := v.do("POST", "/documents/1/mark", url.Values{"right": {"0"}}, bearer); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("a mark: %s", resp.Status)
	}
}

// TestForgery: a form counts only where it comes from this page and this session.
func TestForgery(t *testing.T) {
	f := newFixture(t, nil)
	id := f.record("harbour", wrongText)
	v := f.visitor()
	v.get("/documents/1")
	good := v.csrf
	other := f.visitor()
	other.get("/")
	for _, c := range []struct {
		name   string
		csrf   string
		change func(*http.Request)
	}{
		{"no token", "", nil},
		{"a made-up token", "aaaa", nil},
		{"another session's token", other.csrf, nil},
		{"no cookie", good, func(r *http.Request) { r.Header.Set("Cookie", "") }},
		{"a cookie that was altered", good, func(r *http.Request) {
			c := v.Jar.Cookies(r.URL)[0]
			r.Header.Set("Cookie", c.Name+"=x"+c.Value)
		}},
		{"from another site, as browsers say", good, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }},
		{"from a neighbour", good, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") }},
		{"from another origin", good, func(r *http.Request) { r.Header.Set("Origin", "https://elsewhere.example") }},
		{"from no origin", good, func(r *http.Request) { r.Header.Set("Origin", "null") }},
	} {
		client := v
		if c.name == "no cookie" || c.name == "a cookie that was altered" {
			client = f.visitor()
		}
		resp, _ := client.do("POST", "/documents/1/mark", url.Values{"wrong": {"0"}, "csrf": {c.csrf}}, c.change)
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s", c.name, resp.Status)
		}
	}
	if ms, err := f.store.Marks(context.Background(), id, ""); err != nil || len(ms) > 0 {
		t.Fatalf("marks %v, %v", ms, err)
	}
	resp, _ := v.do("POST", "/documents/1/mark", url.Values{"right": {"0"}, "csrf": {good}}, func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Origin", f.server.URL)
	})
	if resp.StatusCode != http.StatusSeeOther {
		t.Errorf("the form of the page itself: %s", resp.Status)
	}
}

// TestNames: what a browser is told of another name for our address (DNS
// rebinding) leads nowhere.
func TestNames(t *testing.T) {
	f := newFixture(t, func(c *page.Config) { c.Hosts = []string{"audit.example"} })
	v := f.visitor()
	for host, want := range map[string]int{
		"localhost": 200, "localhost:7465": 200, "127.0.0.1:1": 200, "[::1]:7465": 200, "[::1]": 200, "10.1.2.3": 200, "audit.example": 200, "AUDIT.example:443": 200, "audit.example.": 200,
		"evil.example": 421, "evil.example:7465": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example": 421, "xaudit.example": 421,
	} {
		if resp, _ := v.do("GET", "/", nil, func(r *http.Request) { r.Host = host }); resp.StatusCode != want {
			t.Errorf("Host %q: %s, want %d", host, resp.Status, want)
		}
	}
}

// TestNothingByGet: no address changes anything when it is read, whatever
// stands behind the question mark.
func TestNothingByGet(t *testing.T) {
	f := newFixture(t, nil)
	f.record("harbour", wrongText)
	v := f.visitor()
	v.get("/")
	change := url.Values{"csrf": {v.csrf}, "wrong": {"0"}, "verdict": {"wrong"}, "n": {"0"}, "id": {"dailyexample.com/read-more"}, "mode": {"off"}, "why": {"because"}, "who": {"x"}}.Encode()
	for _, method := range []string{"GET", "HEAD"} {
		for _, path := range append(everyPath, "/documents/1/mark", "/documents/1/replay", "/who", "/logout", "/login") {
			sep := "?"
			if strings.Contains(path, "?") {
				sep = "&"
			}
			v.do(method, path+sep+change, nil, nil)
		}
	}
	ms, err := f.store.Marks(context.Background(), 0, "")
	cs, err2 := f.store.Changes(context.Background(), "")
	if len(ms)+len(cs) > 0 || err != nil || err2 != nil {
		t.Errorf("marks %v, changes %v, %v, %v", ms, cs, err, err2)
	}
	wants(t, v.get("/"), `name="who" value="tester"`)
	for _, method := range []string{"PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"} {
		if resp, _ := v.do(method, "/", nil, nil); resp.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s: %s", method, resp.Status)
		}
	}
}

func TestLargeForm(t *testing.T) {
	f := newFixture(t, nil)
	f.record("harbour", wrongText)
	v := f.visitor()
	v.get("/")
	resp, _ := v.do("POST", "/documents/1/mark", url.Values{"why": {strings.Repeat("x", 1<<20)}, "right": {"0"}, "csrf": {v.csrf}}, nil)
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("a form of a megabyte: %s", resp.Status)
	}
}
