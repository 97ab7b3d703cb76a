package text

import (
	"net"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// A Publisher names who publishes a document: the registrable domain of its
// address by the public suffix list, in lower case and Unicode form made ASCII
// (punycode), for example "bbc.co.uk". Archives may use any other name that
// has no white space. The empty Publisher is not known.
type Publisher string

// PublisherOf returns the publisher of a document found at rawURL, which may
// be an absolute URL or a bare host name. It returns "" where there is none to
// be had: no host, or a host that is itself a public suffix. An IP address
// stands for itself. Addresses on shared hosts that the public suffix list
// names (blogspot.com, github.io) keep the label that tells them apart.
func PublisherOf(rawURL string) Publisher {
	host := hostOf(rawURL)
	if host == "" {
		return ""
	}
	if net.ParseIP(host) != nil {
		return Publisher(host)
	}
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		host = ascii
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return ""
	}
	return Publisher(domain)
}

// ParsePublisher returns the publisher that a person or an archive named:
// a host name is brought to its registrable domain, any other name is put into
// lower case with the white space at its ends cut off.
func ParsePublisher(name string) Publisher {
	name = strings.ToLower(strings.TrimSpace(name))
	if strings.Contains(name, ".") && !strings.ContainsAny(name, " \t") {
		if p := PublisherOf(name); p != "" {
			return p
		}
	}
	return Publisher(name)
}

func hostOf(rawURL string) string {
	rawURL = strings.TrimSpace(rawURL)
	if rawURL == "" {
		return ""
	}
	if !strings.Contains(rawURL, "//") {
		rawURL = "//" + rawURL
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
}
