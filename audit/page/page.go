// Package page is the audit's page: it shows in a browser what was removed,
// by which rule and why, and takes what people say of it.
//
// Pages are rendered on the server from templates that escape everything; a
// little script adds keys and nothing else, so that all of it works without.
// Nothing is changed by GET. Texts are shown in parts of bounded size, and
// characters that cannot be seen are shown by name.
//
//	guard.go      who is let in: tokens, names, sessions, forms
//	overview.go   totals over time
//	document.go   one decision, its removals in place; lines.go lays them out
//	rule.go       one rule, rulelist.go all of them
//	publishers.go, search.go, replay.go, skip.go
//	folding.go    what is said while new decisions are put in order
//	changes.go    what POST does
//	plot.go       columns over time
//	visible.go    untrusted text, made safe to look at
package page

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"winnow/audit"
	"winnow/rules"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// Config says what a page shows and to whom. Store, Rules and Now must be set.
type Config struct {
	Store audit.Store
	// Rules returns the rules in force. It is called anew for every answer.
	Rules func() *rules.Set
	// Desk takes marks and changes of rules. Nil shows and takes nothing.
	Desk *audit.Desk

	Tokens []string // one of which a visitor must show; empty lets everyone in
	Hosts  []string // names of the server, besides localhost and plain addresses
	Secure bool     // the page is served over TLS
	Who    string   // the name of who gave none; default "auditor"
	Now    func() time.Time
	Logger *slog.Logger // default slog.Default()
}

// A Page is the audit's page, an http.Handler that stands at the root of its
// address. It is safe for concurrent use.
type Page struct {
	Config
	guard   *guard
	views   map[string]*template.Template
	assets  map[string]string // names to addresses with a hash
	handler http.Handler
	skips   skips
	folding folding
}

// New returns a page.
func New(c Config) (*Page, error) {
	if c.Store == nil || c.Rules == nil || c.Now == nil {
		return nil, errors.New("page: Config without Store, Rules or Now")
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	p := &Page{Config: c, guard: newGuard(c), assets: map[string]string{}}
	mux := http.NewServeMux()
	if err := p.addAssets(mux); err != nil {
		return nil, err
	}
	if err := p.parse(); err != nil {
		return nil, err
	}
	get := func(path string, f handler) {
		mux.Handle("GET "+path, p.serve(func(w http.ResponseWriter, r *http.Request) error {
			if p.waits(w, r) {
				return nil
			}
			return f(w, r)
		}))
	}
	post := func(path string, f handler) { mux.Handle("POST "+path, p.serve(f)) }
	get("/{$}", p.overview)
	get("/documents", p.documents)
	get("/documents/{id}", p.document)
	get("/documents/{id}/clean", p.cleanText)
	get("/documents/{id}/removal/{n}", p.removal)
	get("/documents/{id}/dropped", p.dropped)
	get("/documents/{id}/restored", p.restored)
	get("/rules", p.ruleList)
	get("/rule", p.rule)
	get("/publishers", p.publishers)
	get("/publisher", p.publisher)
	get("/drift", p.drifted)
	get("/search", p.search)
	get("/review", p.review)
	get("/replay", p.replayForm)
	get("/history", p.history)
	post("/documents/{id}/mark", p.mark)
	post("/documents/{id}/replay", p.replayOne)
	post("/replay", p.replay)
	post("/rule", p.setMode)
	post("/review/skip", p.skip)
	post("/who", p.setWho)
	post("/logout", p.logout)
	get("/login", p.toOverview) // where no token is asked for
	mux.Handle("/", p.serve(func(w http.ResponseWriter, r *http.Request) error {
		return fail(http.StatusNotFound, "There is no such page.")
	}))
	p.handler = p.guard.wrap(mux, http.HandlerFunc(p.login), p.refuse)
	return p, nil
}

// ServeHTTP answers one request.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

// addAssets serves the files of assets under names that change with them.
func (p *Page) addAssets(mux *http.ServeMux) error {
	dir, err := fs.Sub(assetFiles, "assets")
	if err != nil {
		return err
	}
	names, err := fs.Glob(dir, "*")
	if err != nil {
		return err
	}
	for _, name := range names {
		body, err := fs.ReadFile(dir, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		path := "/assets/" + hex.EncodeToString(sum[:4]) + "/" + name
		p.assets[name] = path
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
		})
	}
	return nil
}

// parse reads the templates: each view with the frame around it.
func (p *Page) parse() error {
	funcs := template.FuncMap{
		"asset": func(name string) string { return p.assets[name] },
		"count": count, "bytes": bytesOf, "bytes64": func(n int64) string { return bytesOf(int(n)) }, "percent": percent, "plural": plural,
		"day": day, "clock": clock, "confidence": confidence, "share": share, "ratio": ratio, "shorten": shorten, "dropped": dropReason, "trim": strings.TrimSpace,
		"add": func(a, b int) int { return a + b }, "inc": func(n int) int { return n + 1 }, "dict": dict,
		// Names come as strings and as types of their own.
		"visible":       func(v any) []piece { return visible(fmt.Sprint(v)) },
		"known":         func(v any) string { return categoryClass(rules.Category(fmt.Sprint(v))) },
		"rulePath":      func(v any) string { return rulePath(rules.ID(fmt.Sprint(v))) },
		"publisherPath": publisherPath,
		"documentPath":  func(v any) string { return "/documents/" + fmt.Sprint(v) },
	}
	base, err := template.New("").Funcs(funcs).ParseFS(templateFiles, "templates/base.html", "templates/parts.html")
	if err != nil {
		return err
	}
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return err
	}
	p.views = map[string]*template.Template{}
	for _, file := range names {
		name := strings.TrimSuffix(strings.TrimPrefix(file, "templates/"), ".html")
		if name == "base" || name == "parts" {
			continue
		}
		t, err := base.Clone()
		if err != nil {
			return err
		}
		if p.views[name], err = t.ParseFS(templateFiles, file); err != nil {
			return err
		}
	}
	return nil
}

// dict makes a map of its arguments, for templates within templates.
func dict(kv ...any) (map[string]any, error) {
	m := map[string]any{}
	for i := 0; i+1 < len(kv); i += 2 {
		k, ok := kv[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is no name", kv[i])
		}
		m[k] = kv[i+1]
	}
	return m, nil
}

// A handler answers, or returns what to tell instead.
type handler func(http.ResponseWriter, *http.Request) error

// A failure is an answer that says why there is no other.
type failure struct {
	status int
	says   string
}

func (f *failure) Error() string { return f.says }

func fail(status int, format string, args ...any) error {
	return &failure{status, fmt.Sprintf(format, args...)}
}

func (p *Page) serve(f handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := r.ParseForm()
		if err != nil {
			err = fail(http.StatusBadRequest, "The address or the form cannot be read.")
		} else {
			err = f(w, r)
		}
		if err == nil {
			return
		}
		var told *failure
		switch {
		case errors.As(err, &told):
		case errors.Is(err, audit.ErrNotFound):
			told = &failure{http.StatusNotFound, "The record holds nothing of that number. It may have been erased."}
		case errors.Is(err, audit.ErrNoText):
			told = &failure{http.StatusNotFound, "This decision was recorded without its text, so that it cannot be shown whole or put back."}
		case errors.Is(err, audit.ErrPageToken):
			told = &failure{http.StatusBadRequest, "This address of a page in a list belongs to another list. Begin at its first page."}
		case r.Context().Err() != nil:
			return // nobody waits for an answer
		default:
			p.Logger.ErrorContext(r.Context(), "audit page", "path", r.URL.Path, "error", err)
			told = &failure{http.StatusInternalServerError, "The record could not be read. The server's log says why."}
		}
		p.refuse(w, r, told.status, told.says)
	})
}

// refuse answers that there is no answer.
func (p *Page) refuse(w http.ResponseWriter, r *http.Request, status int, says string) {
	p.write(w, r, status, "error", http.StatusText(status), map[string]any{"Status": status, "Says": says})
}

// A frame is what every view gets: its own data, and what stands around it.
type frame struct {
	Title  string
	View   string
	CSRF   string
	Who    string
	In     bool // let in; false on the page that asks for a token
	Tokens bool
	Rules  string // the revision in force
	Query  string // of the search field
	D      any
}

// show answers with a view.
func (p *Page) show(w http.ResponseWriter, r *http.Request, view, title string, data any) error {
	return p.write(w, r, http.StatusOK, view, title, data)
}

func (p *Page) write(w http.ResponseWriter, r *http.Request, status int, view, title string, data any) error {
	s := sessionOf(r.Context())
	f := frame{Title: title, View: view, Who: s.Who, In: s.Who != "", Tokens: len(p.Tokens) > 0, Query: r.URL.Query().Get("q"), D: data}
	if f.In {
		f.CSRF, f.Rules = p.guard.csrf(s), p.Rules().Revision()
	}
	var b bytes.Buffer
	if err := p.views[view].ExecuteTemplate(&b, "base", f); err != nil {
		if view == "error" {
			http.Error(w, http.StatusText(status), status)
		}
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(b.Bytes()) // a reader who has gone is no failure of ours
	}
	return nil
}

// see sends the browser on after a POST.
func see(w http.ResponseWriter, r *http.Request, to string) error {
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

func (p *Page) toOverview(w http.ResponseWriter, r *http.Request) error { return see(w, r, "/") }

// decision reads the decision that the path names.
func (p *Page) decision(ctx context.Context, r *http.Request) (*audit.Decision, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return nil, fail(http.StatusNotFound, "%q is not the number of a decision.", shorten(r.PathValue("id"), 40))
	}
	return p.Store.Get(ctx, audit.ID(id))
}

// number reads a number of a query, which is otherwise where it is none or below least.
func number(r *http.Request, name string, least, otherwise int) int {
	n, err := strconv.Atoi(r.FormValue(name))
	if err != nil || n < least {
		return otherwise
	}
	return n
}

func rulePath(id rules.ID) string { return "/rule?" + url.Values{"id": {string(id)}}.Encode() }

func publisherPath(name string) string {
	return "/publisher?" + url.Values{"name": {name}}.Encode()
}

func documentPath(id audit.ID) string { return "/documents/" + strconv.FormatInt(int64(id), 10) }

// shorten cuts t to n bytes for places that have no room.
func shorten(t string, n int) string {
	if len(t) <= n {
		return t
	}
	return cut(t, n) + "…"
}
