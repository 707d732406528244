package endpointtest

import (
	"encoding/json"
	"math/rand/v2"
	"slices"

	"github.com/seed217079a1/endpoint/internal/jsonschema"
)

// mutate breaks a valid draft in one way; false if there is no way.
func (d *draft) mutate() bool {
	ways := d.ways()
	d.g.Rand.Shuffle(len(ways), func(i, j int) { ways[i], ways[j] = ways[j], ways[i] })
	for _, way := range ways {
		if what := way(); what != "" {
			d.broken = what
			return true
		}
	}
	return false
}

// ways returns what may break the draft; each returns what it did, "" if it did
// nothing.
func (d *draft) ways() []func() string {
	var ways []func() string
	for _, p := range slices.Concat(d.op.params, d.fields) {
		if _, sent := d.values[p]; !sent {
			continue
		}
		ways = append(ways, func() string { return d.breakParam(p) })
		if p.required && p.in != "path" {
			ways = append(ways, func() string { return d.leaveOut(p) })
		}
		if (p.in == "query" || p.in == "form") && !p.schema.IsBinary() {
			ways = append(ways, func() string { return d.sendTwice(p) })
		}
	}
	if isJSON(d.media) {
		ways = append(ways, d.breakBody, d.breakBody, d.breakSyntax)
		if d.op.required {
			ways = append(ways, d.leaveOutBody)
		}
	}
	if isJSON(d.media) || isForm(d.media) {
		ways = append(ways, d.breakType)
	}
	return ways
}

// breakParam makes the value of a parameter wrong.
func (d *draft) breakParam(p *param) string {
	for range 10 {
		m, ok := d.g.Mutate(p.schema, d.values[p])
		if !ok || !p.carries(m.Value) || sameShape(m.Value) != sameShape(d.values[p]) {
			continue
		}
		if p.schema.Validate(p.schema.FromTexts(m.Value)) != nil {
			d.values[p] = m.Value
			return p.in + " " + p.name + ": " + m.Name
		}
	}
	return ""
}

// sameShape tells lists, objects and scalars apart: as texts the first and the
// last may look the same.
func sameShape(v any) int {
	switch v.(type) {
	case []any:
		return 1
	case map[string]any:
		return 2
	}
	return 0
}

func (d *draft) leaveOut(p *param) string {
	delete(d.values, p)
	return p.in + " " + p.name + ": missing"
}

// sendTwice repeats a scalar.
func (d *draft) sendTwice(p *param) string {
	if sameShape(d.values[p]) != 0 {
		return ""
	}
	d.twice = p
	return p.in + " " + p.name + ": sent twice"
}

// breakBody makes the JSON wrong by its schema.
func (d *draft) breakBody() string {
	m, ok := d.g.Mutate(d.op.bodies[d.media].schema, d.value)
	if !ok {
		return ""
	}
	d.value = m.Value
	return "body " + m.Pointer + ": " + m.Name
}

// breakSyntax makes the body no JSON.
func (d *draft) breakSyntax() string {
	text, _ := json.Marshal(d.value)
	d.raw = append(text, '}')
	return "body: broken syntax"
}

// breakType says that the body is something else.
func (d *draft) breakType() string {
	d.asType = "text/x-unknown"
	return "body: wrong content type"
}

// leaveOutBody sends nothing in place of the body, but its type.
func (d *draft) leaveOutBody() string {
	d.raw = []byte{}
	return "body: missing"
}

// generator returns the source of one draft, which depends on the seed alone.
func generator(seed uint64) *jsonschema.Generator {
	return &jsonschema.Generator{Rand: rand.New(rand.NewPCG(seed, 0))}
}
