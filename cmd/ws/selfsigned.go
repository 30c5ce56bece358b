package main

// This file holds the certificate of ws serve: one from a file, or one that is made for this run.

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v3"
)

// serverCertificate returns what the flags ask for, or nil if the server does without TLS.
func serverCertificate(cmd *cli.Command) (*tls.Certificate, error) {
	cert, err := certificate(cmd)
	if err != nil || cert != nil || !cmd.Bool("tls") {
		return cert, err
	}
	names := []string{"localhost", "127.0.0.1", "::1"}
	if host, _, err := net.SplitHostPort(cmd.String("addr")); err == nil && host != "" && !net.ParseIP(host).IsUnspecified() {
		names = append(names, host)
	}
	if host, err := os.Hostname(); err == nil {
		names = append(names, host)
	}
	slices.Sort(names)
	return selfSigned(slices.Compact(names), time.Now())
}

// selfSigned returns a certificate for names and addresses that is valid for a month, which its key has signed.
func selfSigned(names []string, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: "ws serve"},
		NotBefore:             now.Add(-time.Hour), // for clocks that are late
		NotAfter:              now.AddDate(0, 1, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA:                  true, // so that it can be trusted by itself
		BasicConstraintsValid: true,
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}

// describe names a certificate: for whom it is, and its fingerprint, which browsers show as well.
func describe(cert *tls.Certificate) string {
	names := slices.Clone(cert.Leaf.DNSNames)
	for _, ip := range cert.Leaf.IPAddresses {
		names = append(names, ip.String())
	}
	sum := sha256.Sum256(cert.Certificate[0])
	print := strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
	return fmt.Sprintf("Certificate for %s, SHA-256 %s", strings.Join(names, ", "), print)
}
