package server

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// LoadTLS reads a server's certificate and key, both in PEM. Where clientCA
// names a file of PEM certificates, clients must show a certificate that one of
// them signed (mTLS). TLS 1.2 is the least that is spoken.
func LoadTLS(certFile, keyFile, clientCA string) (*tls.Config, error) {
	if (certFile == "") != (keyFile == "") {
		return nil, errors.New("server: a certificate and its key go together, and one is not given")
	}
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("server: certificate: %w", err)
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}}
	if clientCA == "" {
		return cfg, nil
	}
	pem, err := os.ReadFile(clientCA)
	if err != nil {
		return nil, fmt.Errorf("server: client certificates: %w", err)
	}
	cfg.ClientCAs = x509.NewCertPool()
	if !cfg.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("server: client certificates: %w", errors.New("no PEM certificate in "+clientCA))
	}
	cfg.ClientAuth = tls.RequireAndVerifyClientCert
	return cfg, nil
}
