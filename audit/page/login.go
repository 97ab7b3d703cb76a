package page

import (
	"net/http"
	"strings"
)

type loginView struct {
	Wrong string
	To    string // where the visitor wanted to go
}

// login answers who has no session: it asks for a token, and takes one.
func (p *Page) login(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/login" {
		if r.Method == http.MethodPost {
			p.refuse(w, r, http.StatusUnauthorized, "You are not logged in any more. Nothing was changed: log in, and send it once more.")
			return
		}
		p.askToken(w, r, http.StatusUnauthorized, loginView{To: r.URL.RequestURI()})
		return
	}
	if r.Method != http.MethodPost {
		p.askToken(w, r, http.StatusOK, loginView{To: "/"})
		return
	}
	to := localPath(r.PostFormValue("to"))
	if !p.guard.allowed(strings.TrimSpace(r.PostFormValue("token"))) {
		p.askToken(w, r, http.StatusForbidden, loginView{Wrong: "This is not one of the server's tokens.", To: to})
		return
	}
	p.guard.begin(w, r.PostFormValue("who"))
	see(w, r, to)
}

func (p *Page) askToken(w http.ResponseWriter, r *http.Request, status int, v loginView) {
	if err := p.write(w, r, status, "login", "Log in", v); err != nil {
		p.Logger.ErrorContext(r.Context(), "audit page", "path", r.URL.Path, "error", err)
	}
}

// localPath returns to where it is a path of this server, else the overview.
func localPath(to string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}

// setWho takes another name for the session.
func (p *Page) setWho(w http.ResponseWriter, r *http.Request) error {
	p.guard.begin(w, r.PostFormValue("who"))
	return see(w, r, "/")
}

func (p *Page) logout(w http.ResponseWriter, r *http.Request) error {
	p.guard.end(w)
	return see(w, r, "/login")
}
