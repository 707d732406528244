package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"strings"

	"github.com/seed217079a1/endpoint"
)

// Webhook configures the webhook endpoint.
type Webhook struct {
	endpoint.Configuration

	Secret string
}

// Default is the secret of the test in GitHub's documentation. Everybody knows
// it: set WEBHOOK_SECRET where it matters.
func (Webhook) Default() Webhook { return Webhook{Secret: "It's a Secret to Everybody"} }

// Hook is what GitHub says about a delivery.
type Hook struct {
	Signature string `header:"X-Hub-Signature-256"`           // "sha256=" and the HMAC of the body in hexadecimal
	Event     string `header:"X-GitHub-Event" default:"ping"` // what it is about
	Delivery  string `header:"X-GitHub-Delivery"`             // the id of the report
}

// Takes what GitHub reports.
func receiveHook(in Hook, body []byte, cfg Webhook, log *slog.Logger) (string, error) {
	// The body is taken as []byte: a signature is over the bytes as they were
	// sent, before anything is made of them.
	if !signed(body, cfg.Secret, in.Signature) {
		return "", endpoint.Errorf(http.StatusForbidden, "X-Hub-Signature-256 does not sign this body")
	}
	log.Info("webhook", "event", in.Event, "delivery", in.Delivery, "bytes", len(body))
	return "accepted " + in.Event + "\n", nil
}

// signed reports whether signature is "sha256=" and the HMAC of the body in
// hexadecimal. It takes the same time for all wrong ones.
func signed(body []byte, secret, signature string) bool {
	digest, ok := strings.CutPrefix(signature, "sha256=")
	if !ok {
		return false
	}
	got, err := hex.DecodeString(digest)
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hmac.Equal(got, mac.Sum(nil))
}
