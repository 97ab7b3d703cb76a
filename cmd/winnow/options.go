package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"winnow/clean"
	"winnow/client"
	"winnow/extract"
	"winnow/rules"
	"winnow/server"
)

// cleanFlags are how documents are cleaned, in process or by a server.
type cleanFlags struct {
	rules      ruleFlags
	profile    string
	keep       []string
	remove     []string
	confidence float64
	budget     float64
	shadowAll  bool
	engine     string
	blocks     string
	captions   bool
	maxBytes   int

	server serverFlags
}

func (f *cleanFlags) add(c *cobra.Command) {
	f.rules.add(c)
	f.server.add(c)
	fl := c.Flags()
	fl.StringVar(&f.profile, "profile", "standard", "how much goes: light, standard or strict")
	fl.StringSliceVar(&f.keep, "keep", nil, "keep `CATEGORY` whatever the profile says (repeatable)")
	fl.StringSliceVar(&f.remove, "remove", nil, "remove `CATEGORY` although it is kept by default (repeatable)")
	fl.Float64Var(&f.confidence, "min-confidence", 0, "rules less sure than this take nothing, 0 to 1")
	fl.Float64Var(&f.budget, "budget", rules.DefaultBudget, "the largest share of a text that rules may take, over 0 up to 1")
	fl.BoolVar(&f.shadowAll, "shadow-all", false, "report everything, cut nothing")
	fl.StringVar(&f.engine, "engine", string(extract.Shiori), "what finds the article in a page: shiori or readeck")
	fl.StringVar(&f.blocks, "blocks", string(extract.BlocksOn), "on: the block model mends what the engine found; off: the engine alone")
	fl.BoolVar(&f.captions, "captions", false, "keep the captions of a page's pictures")
	fl.IntVar(&f.maxBytes, "max-bytes", 0, "the largest document in bytes; 0 is 32 MiB for pages and 1 GiB for texts (a server has a limit of its own)")
}

// options returns the flags as options, checked.
func (f *cleanFlags) options(c *cobra.Command) (clean.Options, error) {
	o := clean.Options{Profile: clean.Profile(f.profile), MinConfidence: f.confidence, ShadowAll: f.shadowAll, Captions: f.captions}
	if c.Flags().Changed("budget") {
		if o.Budget = f.budget; !(0 < f.budget && f.budget <= 1) {
			return o, fmt.Errorf("--budget %v does not lie over 0 and up to 1", f.budget)
		}
	}
	if f.maxBytes < 0 {
		return o, errors.New("--max-bytes is negative")
	}
	for _, n := range f.keep {
		o.Keep = append(o.Keep, rules.Category(n))
	}
	for _, n := range f.remove {
		o.Remove = append(o.Remove, rules.Category(n))
		if slices.Contains(f.keep, n) {
			return o, fmt.Errorf("category %q stands in --keep and in --remove", n)
		}
	}
	engine, err := extract.ParseEngine(f.engine)
	if err != nil {
		return o, plainError(err)
	}
	o.Engine = engine
	if o.Blocks, err = extract.ParseBlocking(f.blocks); err != nil {
		return o, plainError(err)
	}
	none, err := rules.NewSet()
	if err != nil {
		return o, err
	}
	// An empty text fails by its options alone.
	if _, err := clean.New(none).Clean(context.Background(), clean.Input{}, o); err != nil {
		return o, plainError(err)
	}
	return o, nil
}

// plainError returns the sentence of an extract.Error alone.
func plainError(err error) error {
	var e *extract.Error
	if errors.As(err, &e) {
		return errors.New(e.Message)
	}
	return err
}

// cleaner returns what cleans by these flags, and what closes it.
func (f *cleanFlags) cleaner(c *cobra.Command) (cleaner, func(), error) {
	o, err := f.options(c)
	if err != nil {
		return nil, nil, err
	}
	if len(f.server.addrs) == 0 {
		for _, name := range []string{"tls", "tls-ca", "tls-cert", "tls-key", "token-file", "server-wait"} {
			if c.Flags().Changed(name) {
				return nil, nil, fmt.Errorf("--%s goes with --server", name)
			}
		}
		set, err := f.rules.set()
		if err != nil {
			return nil, nil, err
		}
		return &local{engine: clean.New(set), options: o, maxBytes: f.maxBytes}, func() {}, nil
	}
	if f.rules.given() || f.maxBytes > 0 {
		return nil, nil, errors.New("--rules, --no-builtin and --max-bytes are the server's own: give them to winnow serve")
	}
	pool, err := f.server.dial(c.Context(), client.PoolOptions{Options: client.Options{
		Profile: f.profile, Keep: f.keep, Remove: f.remove, MinConfidence: f.confidence, Budget: o.Budget,
		ShadowAll: f.shadowAll, Engine: string(o.Engine), Blocks: string(o.Blocks), Captions: f.captions,
	}})
	if err != nil {
		return nil, nil, err
	}
	return remote{pool}, func() { pool.Close() }, nil
}

// largest returns the largest page and text that can be cleaned, in bytes; 0 is
// no bound but that of records.
func (f *cleanFlags) largest() (page, text int) {
	switch {
	case len(f.server.addrs) > 0:
		return server.LargestDocument, server.LargestDocument
	case f.maxBytes > 0:
		return f.maxBytes, f.maxBytes
	}
	return extract.DefaultMaxBytes, 0
}

// serverFlags say how a server is reached.
type serverFlags struct {
	addrs     []string
	patience  time.Duration
	anyRules  bool // servers may clean by rules that differ, and change them
	tls       bool
	ca        string
	cert, key string
	tokenFile string
}

func (s *serverFlags) add(c *cobra.Command) {
	fl := c.Flags()
	fl.StringSliceVar(&s.addrs, "server", nil, "clean by the server at `ADDR`, HOST:PORT, and not in process (repeatable: they share the work)")
	fl.DurationVar(&s.patience, "server-wait", client.DefaultPatience, "how long to wait while no server answers")
	fl.BoolVar(&s.tls, "tls", false, "speak TLS with the server")
	fl.StringVar(&s.ca, "tls-ca", "", "trust the authorities in this PEM `FILE` (implies --tls)")
	fl.StringVar(&s.cert, "tls-cert", "", "show the certificate in this PEM `FILE` (implies --tls)")
	fl.StringVar(&s.key, "tls-key", "", "the key of --tls-cert, a PEM `FILE`")
	fl.StringVar(&s.tokenFile, "token-file", "", "send the bearer token that stands in `FILE`")
}

// options returns how to speak with the servers.
func (s *serverFlags) options() ([]client.Option, error) {
	opts := []client.Option{client.WithMaxMessage(1 << 30)}
	if s.tls || s.ca != "" || s.cert != "" || s.key != "" {
		opts = append(opts, client.WithTLSFiles(s.ca, s.cert, s.key))
	}
	if s.tokenFile != "" {
		tokens, err := readTokens(s.tokenFile)
		if err != nil {
			return nil, err
		}
		if len(tokens) != 1 {
			return nil, fmt.Errorf("%s holds %d tokens, and one is sent: put it into a file of its own", s.tokenFile, len(tokens))
		}
		opts = append(opts, client.WithToken(tokens[0]))
	}
	return opts, nil
}

// dial connects with the servers and asks whether they are there.
func (s *serverFlags) dial(ctx context.Context, o client.PoolOptions) (*client.Pool, error) {
	opts, err := s.options()
	if err != nil {
		return nil, err
	}
	o.Patience, o.AnyRevision = s.patience, s.anyRules
	pool, err := client.DialPool(ctx, s.addrs, o, opts...)
	if err != nil {
		err = s.advise(err)
	}
	return pool, err
}

// advise adds to the error of a connection what may be amiss.
func (s *serverFlags) advise(err error) error {
	says := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(err.Error(), p) })
	}
	secure := s.tls || s.ca != "" || s.cert != ""
	switch {
	case slices.ContainsFunc(s.addrs, func(a string) bool { return !strings.Contains(a, ":") }):
		return fmt.Errorf("%w (an address is HOST:PORT, and servers listen on port 7464 unless told otherwise)", err)
	case !secure && says("server preface"):
		return fmt.Errorf("%w (it may ask for TLS: --tls or --tls-ca)", err)
	case secure && s.cert == "" && says("certificate required", "bad certificate", "broken pipe", "connection reset"):
		return fmt.Errorf("%w (it may ask for a certificate of yours: --tls-cert and --tls-key)", err)
	}
	return err
}
