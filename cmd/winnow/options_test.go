package main

import (
	"errors"
	"strings"
	"testing"
)

// TestAdvice: what may be amiss with a connection is said beside gRPC's error.
func TestAdvice(t *testing.T) {
	for _, c := range []struct {
		name  string
		flags serverFlags
		err   string
		want  string // nothing is added where it is empty
	}{
		{"a server with TLS", serverFlags{addrs: []string{"h:1"}}, "error reading server preface: EOF", "(it may ask for TLS: --tls or --tls-ca)"},
		{"a server that asks for a certificate", serverFlags{addrs: []string{"h:1"}, ca: "ca.pem"}, "write tcp a->b: write: broken pipe",
			"(it may ask for a certificate of yours: --tls-cert and --tls-key)"},
		{"the same, told", serverFlags{addrs: []string{"h:1"}, tls: true}, "remote error: tls: certificate required", "--tls-cert and --tls-key"},
		{"one was shown", serverFlags{addrs: []string{"h:1"}, ca: "ca.pem", cert: "c.pem", key: "k.pem"}, "write: broken pipe", ""},
		{"no port", serverFlags{addrs: []string{"h:1", "localhost"}}, "dial tcp 127.0.0.1:443: connect: connection refused", "(an address is HOST:PORT, and servers listen on port 7464 unless told otherwise)"},
		{"nobody there", serverFlags{addrs: []string{"h:1"}}, "connect: connection refused", ""},
	} {
		got := c.flags.advise(errors.New(c.err)).Error()
		if rest := strings.TrimPrefix(got, c.err); rest == got || !strings.Contains(rest, c.want) || c.want == "" && rest != "" {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}
