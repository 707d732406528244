package manage_test

import (
	"context"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/manage"
	"github.com/seed217079a1/endpoint/manage/script"
)

// What a script does wrong is told to its owner, with the place, and secrets
// are those of the account.
func TestScriptEngine(t *testing.T) {
	leak.Check(t)
	secrets := script.Secrets(func(ctx context.Context, name string) (string, bool) {
		return name + " of " + manage.AccountFrom(ctx), name == "key"
	})
	for name, engine := range map[string]manage.Engine{
		"in process": script.InProcess(script.Limits{}, secrets), "workers": script.Workers(script.Limits{}, secrets),
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, func(o *manage.Options) { o.Engine = engine })
			s.script("h.py", `
def handler(request, *args, **kwargs):
    print("asked with", request.args.get("q"))
    if request.method == "POST":
        fail("secret detail")
    return secret("key")
`)
			for _, account := range []string{"A", "B"} {
				s.want(201, account, "PUT", "x", `{"path":"p","handler_script_path":"/h.py"}`)
				if got, want := s.want(200, account, "GET", "u/p?q=1", "").Body.String(), "key of "+account; got != want {
					t.Errorf("answer %q, want %q", got, want)
				}
			}
			s.want(500, "A", "POST", "u/p?q=2", "")
			calls := s.calls("A", "x")
			if len(calls) != 2 || calls[1].Error != "" || calls[1].Output != "asked with 1\n" ||
				!strings.HasPrefix(calls[0].Error, "h.py:5:") || !strings.Contains(calls[0].Error, "secret detail") ||
				calls[0].Output != "asked with 2\n" {
				t.Errorf("the owner sees %+v", calls)
			}
			s.script("h.py", "def handler(request:\n")
			f := decode[fault](t, s.want(400, "A", "PATCH", "x", `{"handler_script_path":"/h.py"}`))
			if f.Line == 0 || f.Column == 0 || !strings.Contains(f.Detail, "h.py:") {
				t.Errorf("problem %+v", f)
			}
		})
	}
}
