package page

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	sessionCookie = "winnow_session"
	sessionLength = 12 * time.Hour
	maxForm       = 256 << 10 // bytes of a posted form
	maxWho        = 80        // bytes of a name
)

// The policy of every answer: nothing from elsewhere, no script or style in
// the page itself, no frame around it, and no script may make mark-up of text.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// A guard stands in front of every handler. It lets in who shows a token,
// refuses names that are not the server's own, and posts from elsewhere.
type guard struct {
	tokens [][sha256.Size]byte // empty lets everyone in
	hosts  map[string]bool     // names besides localhost and plain addresses
	key    [32]byte            // of this process; sessions end with it
	who    string              // the name of who has not given one
	secure bool                // cookies over TLS only
	now    func() time.Time
	cross  *http.CrossOriginProtection
}

// A session is what the cookie holds, signed and not secret.
type session struct {
	Nonce   string `json:"n"`
	Who     string `json:"w"`
	Expires int64  `json:"e"` // Unix seconds
}

type sessionKey struct{}

// sessionOf returns the session that the guard put into ctx.
func sessionOf(ctx context.Context) session {
	s, _ := ctx.Value(sessionKey{}).(session)
	return s
}

func newGuard(c Config) *guard {
	g := &guard{hosts: map[string]bool{}, who: cmp.Or(c.Who, "auditor"), secure: c.Secure, now: c.Now, cross: http.NewCrossOriginProtection()}
	rand.Read(g.key[:]) // never fails
	for _, t := range c.Tokens {
		g.tokens = append(g.tokens, sha256.Sum256([]byte(t)))
	}
	for _, h := range c.Hosts {
		g.hosts[strings.ToLower(h)] = true
	}
	return g
}

// wrap is the way in. next sees requests that may be answered, with their
// session; login sees those that lack one.
func (g *guard) wrap(next, login http.Handler, refuse func(http.ResponseWriter, *http.Request, int, string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin") // no-referrer would make the Origin of our own forms null
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if !g.ownName(r.Host) {
			refuse(w, r, http.StatusMisdirectedRequest, "This server is not known by the name in the address. If it should be, start it with --host NAME.")
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
			h.Set("Allow", "GET, HEAD, POST")
			refuse(w, r, http.StatusMethodNotAllowed, "Only GET, HEAD and POST are answered.")
			return
		}
		if strings.HasPrefix(r.URL.Path, "/assets/") {
			next.ServeHTTP(w, r) // the same for everyone
			return
		}
		if err := g.cross.Check(r); err != nil {
			refuse(w, r, http.StatusForbidden, "This was sent by a page of another site. Nothing was changed.")
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if r.URL.Path == "/login" && len(g.tokens) > 0 {
			login.ServeHTTP(w, r)
			return
		}
		if t, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && g.allowed(t) {
			// A program: no page can make a browser send this header to us.
			next.ServeHTTP(w, g.with(r, session{Who: g.who}))
			return
		}
		s, ok := g.session(r)
		switch {
		case !ok && len(g.tokens) > 0:
			login.ServeHTTP(w, r)
			return
		case !ok && r.Method == http.MethodPost:
			refuse(w, r, http.StatusForbidden, "The page was open for too long, or the server was started anew. Nothing was changed: go back, load the page again, and send it once more.")
			return
		case !ok:
			s = g.begin(w, g.who)
		}
		if r.Method == http.MethodPost && !g.own(s, r.PostFormValue("csrf")) {
			refuse(w, r, http.StatusForbidden, "The form did not come from this page, or is too old or too long. Nothing was changed: go back, load the page again, and send it once more.")
			return
		}
		next.ServeHTTP(w, g.with(r, s))
	})
}

func (g *guard) with(r *http.Request, s session) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), sessionKey{}, s))
}

// ownName reports whether host, as a request names it, is this server. A page
// elsewhere can give its own name our address (DNS rebinding); it cannot make
// a browser say localhost or a plain address.
func (g *guard) ownName(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if name == "localhost" || g.hosts[name] {
		return true
	}
	_, err = netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil
}

// allowed reports whether token is one of the server's.
func (g *guard) allowed(token string) bool {
	sum, found := sha256.Sum256([]byte(token)), 0
	for _, t := range g.tokens {
		found |= subtle.ConstantTimeCompare(t[:], sum[:])
	}
	return found == 1
}

// begin gives the browser a new session.
func (g *guard) begin(w http.ResponseWriter, who string) session {
	s := session{Nonce: rand.Text(), Who: cleanName(who, g.who), Expires: g.now().Add(sessionLength).Unix()}
	body, _ := json.Marshal(s) // strings and a number
	value := base64.RawURLEncoding.EncodeToString(body)
	g.set(w, value+"."+g.mac("session", value), int(sessionLength/time.Second))
	return s
}

func (g *guard) end(w http.ResponseWriter) { g.set(w, "", -1) }

func (g *guard) set(w http.ResponseWriter, value string, age int) {
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: g.secure, SameSite: http.SameSiteStrictMode})
}

// session reads the cookie of r.
func (g *guard) session(r *http.Request) (s session, ok bool) {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return s, false
	}
	value, sum, _ := strings.Cut(c.Value, ".")
	if !hmac.Equal([]byte(sum), []byte(g.mac("session", value))) {
		return s, false
	}
	body, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || json.Unmarshal(body, &s) != nil || g.now().Unix() >= s.Expires {
		return session{}, false
	}
	return s, true
}

// csrf is what a form of session s must carry.
func (g *guard) csrf(s session) string { return g.mac("form", s.Nonce) }

// own reports whether token was given to a form of s.
func (g *guard) own(s session, token string) bool {
	return hmac.Equal([]byte(token), []byte(g.csrf(s)))
}

func (g *guard) mac(use, value string) string {
	m := hmac.New(sha256.New, g.key[:])
	m.Write([]byte(use + "\x00" + value))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// cleanName brings a name that somebody typed to one short line.
func cleanName(name, otherwise string) string {
	name = strings.Map(func(r rune) rune {
		if unseen(r) {
			return -1
		}
		return r
	}, strings.Join(strings.Fields(strings.ToValidUTF8(name, "")), " "))
	for len(name) > maxWho {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	return cmp.Or(name, otherwise)
}
