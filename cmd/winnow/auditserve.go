package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"winnow/audit"
	auditpage "winnow/audit/page"
	"winnow/rules"
	"winnow/server"
)

// pageFlags say who the audit's page is served to.
type pageFlags struct {
	hosts []string
	who   string
}

func (f *pageFlags) add(c *cobra.Command) {
	c.Flags().StringArrayVar(&f.hosts, "host", nil, "a `NAME` that browsers know the page's server by, besides localhost and plain addresses (repeatable)")
	c.Flags().StringVar(&f.who, "who", cmp.Or(os.Getenv("USER"), "auditor"), "the `NAME` beside decisions of those who give none")
}

// auditServe is how the page is served by itself.
type auditServe struct {
	rules     ruleFlags
	page      pageFlags
	listen    string
	tokenFile string
	cert, key string
	plaintext bool
}

func addAuditServe(parent *cobra.Command, s streams, where *string) {
	var f auditServe
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve the record as pages for a browser",
		Long: `Serve the record as pages for a browser, until it is interrupted: what was
removed, by which rule and why, and a queue of removals to look at.

Marks and changes of rules are written into the --feedback file, which the other
commands and winnow serve read too; without it marks are kept in the record
alone. SIGHUP reads the rule folders again.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c.Context(), s, *where) },
	}
	f.rules.add(c)
	f.page.add(c)
	fl := c.Flags()
	fl.StringVar(&f.listen, "listen", "127.0.0.1:7465", "the `ADDRESS` to listen on; port 0 takes a free one and logs it")
	fl.StringVar(&f.tokenFile, "token-file", "", "let in only who has a token that stands in `FILE`, one a line")
	fl.StringVar(&f.cert, "tls-cert", "", "serve TLS with the certificate in this PEM `FILE`")
	fl.StringVar(&f.key, "tls-key", "", "the key of --tls-cert, a PEM `FILE`")
	fl.BoolVar(&f.plaintext, "allow-plaintext", false, "listen beyond loopback without TLS")
	parent.AddCommand(c)
}

func (f *auditServe) run(ctx context.Context, s streams, where string) (err error) {
	log := slog.New(slog.NewTextHandler(s.err, nil))
	var secure *tls.Config
	if f.cert != "" || f.key != "" {
		if secure, err = server.LoadTLS(f.cert, f.key, ""); err != nil {
			return err
		}
	}
	var tokens []string
	if f.tokenFile != "" {
		if tokens, err = readTokens(f.tokenFile); err != nil {
			return err
		}
	}
	store, err := openExisting(ctx, where)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	var set atomic.Pointer[rules.Set]
	reload := func() error {
		next, err := f.rules.set()
		if err == nil {
			set.Store(next)
		}
		return err
	}
	if err := reload(); err != nil {
		return err
	}
	desk := &audit.Desk{Store: store, Rules: set.Load, File: f.rules.feedback, Reload: reload, Now: time.Now}
	p, err := f.page.page(desk, tokens, secure != nil, log)
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	h, err := listenPage(p, f.listen, secure, f.plaintext, len(tokens) > 0, log, failed)
	if err != nil {
		return err
	}
	folded := make(chan struct{}) // or the first visitor would wait for it
	go func() {
		defer close(folded)
		if n, err := fold(ctx, store, nil); err != nil && ctx.Err() == nil {
			log.Error("new decisions cannot be put in order", "error", err)
		} else if n > 0 {
			log.Info("new decisions are in order", "decisions", n)
		}
	}()
	defer func() { <-folded }()
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	for {
		select {
		case <-hup:
			if err := reload(); err != nil {
				log.Error("the rules stay as they were", "error", err)
			}
		case err := <-failed:
			return err
		case <-ctx.Done():
			end, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			return h.Shutdown(end)
		}
	}
}

// page makes the page of a desk.
func (f *pageFlags) page(desk *audit.Desk, tokens []string, secure bool, log *slog.Logger) (*auditpage.Page, error) {
	return auditpage.New(auditpage.Config{Store: desk.Store, Rules: desk.Rules, Desk: desk, Tokens: tokens, Hosts: f.hosts, Secure: secure, Who: f.who, Now: time.Now, Logger: log})
}

// listenPage begins to serve p at address; what ends that goes into failed.
// Beyond loopback it asks for tokens, and for TLS unless plaintext says otherwise.
func listenPage(p *auditpage.Page, address string, secure *tls.Config, plaintext, tokens bool, log *slog.Logger, failed chan<- error) (*http.Server, error) {
	lis, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	if tcp, ok := lis.Addr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		switch {
		case !tokens:
			err = fmt.Errorf("%s can be reached from other machines: the page asks for --token-file there", lis.Addr())
		case secure == nil && !plaintext:
			err = fmt.Errorf("%s can be reached from other machines: the page asks for TLS there, or for --allow-plaintext", lis.Addr())
		}
		if err != nil {
			lis.Close()
			return nil, err
		}
	}
	h := &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 2 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	scheme := "http"
	if secure != nil {
		scheme = "https"
		lis = tls.NewListener(lis, secure)
	}
	log.Info("audit page", "address", scheme+"://"+lis.Addr().String())
	go func() {
		if err := h.Serve(lis); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
	return h, nil
}

// readTokens reads bearer tokens, one a line; lines that begin with # are notes.
func readTokens(file string) ([]string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var tokens []string
	n := 0
	for line := range strings.Lines(string(b)) {
		n++
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for _, t := range strings.Fields(line) {
			if len(t) < minToken {
				return nil, fmt.Errorf("%s:%d: a token is shorter than %d bytes and could be guessed", file, n, minToken)
			}
			tokens = append(tokens, t)
		}
	}
	if len(tokens) == 0 {
		return nil, fmt.Errorf("%s holds no token", file)
	}
	return tokens, nil
}

// minToken is the shortest token, in bytes, as for the service.
const minToken = 16
