package browser

import (
	"encoding/json"
	"sync/atomic"
)

// Size makes the page show that many pixels.
func (p *Page) Size(width, height int) {
	p.t.Helper()
	p.do("Emulation.setDeviceMetricsOverride", object{
		"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
	}, nil)
}

// Media sets a feature that style sheets ask for, such as
// "prefers-color-scheme" to "dark". It replaces the one that was set before.
func (p *Page) Media(feature, value string) {
	p.t.Helper()
	p.do("Emulation.setEmulatedMedia", object{"features": []object{{"name": feature, "value": value}}}, nil)
}

// Scripts turns the scripts of the page on and off, from the next GoTo on. What
// the test runs is not concerned.
func (p *Page) Scripts(on bool) {
	p.t.Helper()
	p.do("Emulation.setScriptExecutionDisabled", object{"value": !on}, nil)
}

// Headers adds header fields to every request of the page. They replace those
// of the call before.
func (p *Page) Headers(fields map[string]string) {
	p.t.Helper()
	p.do("Network.setExtraHTTPHeaders", object{"headers": fields}, nil)
}

// Offline cuts the page off the network, or connects it again.
func (p *Page) Offline(off bool) {
	p.t.Helper()
	p.do("Network.emulateNetworkConditions", object{
		"offline": off, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
	}, nil)
}

// A Credential is what a person types into the dialog in which the browser
// itself asks for a password.
type Credential struct{ Username, Password string }

// OnDialog answers each such dialog of the page, nil meaning that the person
// cancels, and counts them. It is called once for a page.
func (p *Page) OnDialog(give *Credential) *atomic.Int32 {
	p.t.Helper()
	answer := object{"response": "CancelAuth"}
	if give != nil {
		answer = object{"response": "ProvideCredentials", "username": give.Username, "password": give.Password}
	}
	asked := new(atomic.Int32)
	p.b.onEvent(p.session, func(m message) {
		var paused struct{ RequestID string }
		if json.Unmarshal(m.Params, &paused) != nil {
			return
		}
		switch m.Method {
		case "Fetch.authRequired":
			asked.Add(1)
			_ = p.b.send(p.session, "Fetch.continueWithAuth",
				object{"requestId": paused.RequestID, "authChallengeResponse": answer}, nil)
		case "Fetch.requestPaused":
			_ = p.b.send(p.session, "Fetch.continueRequest", object{"requestId": paused.RequestID}, nil)
		}
	})
	p.do("Fetch.enable", object{"handleAuthRequests": true, "patterns": []object{{"urlPattern": "*"}}}, nil)
	return asked
}
