package manage_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/manage"
)

// Each change of a file is seen by the next call, also one that leaves size and
// time as they were.
func TestScriptChanges(t *testing.T) {
	s := open(t)
	s.script("h.py", "# go: say 00")
	s.want(201, "A", "PUT", "x", `{"path":"p","handler_script_path":"/h.py"}`)
	file := filepath.Join(s.dir, "h.py")
	at := time.Now().Add(-time.Hour)
	if err := os.Chtimes(file, at, at); err != nil {
		t.Fatal(err)
	}
	s.want(200, "A", "GET", "u/p", "")
	for i := range 5 {
		next := file + ".new"
		if err := os.WriteFile(next, fmt.Appendf(nil, "# go: say %02d", i), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(next, at, at); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, file); err != nil {
			t.Fatal(err)
		}
		if got, want := s.want(200, "A", "GET", "u/p", "").Body.String(), fmt.Sprintf("%02d", i); got != want {
			t.Fatalf("answer %q, want that of the new file %q", got, want)
		}
	}
	// In place, within one tick of the clock.
	for i := range 5 {
		s.script("h.py", fmt.Sprintf("# go: say %02d", i))
		want := fmt.Sprintf("%02d", i)
		eventually(t, "the new text", func() bool { return s.do("A", "GET", "u/p", "").Body.String() == want })
	}
}

func TestScriptCompiledOnce(t *testing.T) {
	leak.Check(t)
	s := open(t, func(o *manage.Options) { o.Engine.(*engine).slow = 5 * time.Millisecond })
	for i := range 10 { // ten endpoints with one script
		s.want(201, "A", "PUT", fmt.Sprint("x", i), fmt.Sprintf(`{"path":"p%d","handler_script_path":"/h.py"}`, i))
	}
	s.script("h.py", "# go: hello")
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			if w := s.do("A", "GET", fmt.Sprint("u/p", i%10), ""); w.Code != 200 {
				t.Errorf("status %d", w.Code)
			}
		})
	}
	wg.Wait()
	if n := s.engine.compiled.Load(); n != 1 {
		t.Errorf("compiled %d times, want once", n)
	}
	at := time.Now().Add(time.Minute) // another time, the same text
	if err := os.Chtimes(filepath.Join(s.dir, "h.py"), at, at); err != nil {
		t.Fatal(err)
	}
	s.want(200, "A", "GET", "u/p1", "")
	if n := s.engine.compiled.Load(); n != 1 {
		t.Errorf("compiled %d times after a touch, want once", n)
	}
}

// A call that comes after a change is not answered by a text that was being
// compiled before it.
func TestScriptChangedWhileCompiled(t *testing.T) {
	leak.Check(t)
	s := open(t, func(o *manage.Options) { o.Engine.(*engine).slow = 100 * time.Millisecond })
	s.want(201, "A", "PUT", "x", `{"path":"p","handler_script_path":"/h.py"}`)
	s.script("h.py", "# go: say old")
	var wg sync.WaitGroup
	wg.Go(func() { s.do("A", "GET", "u/p", "") })
	eventually(t, "the old text is compiled", func() bool { return s.engine.compiled.Load() >= 1 })
	s.script("new.py", "# go: say new")
	if err := os.Rename(filepath.Join(s.dir, "new.py"), filepath.Join(s.dir, "h.py")); err != nil {
		t.Fatal(err)
	}
	if got := s.want(200, "A", "GET", "u/p", "").Body.String(); got != "new" {
		t.Errorf("answer %q, want that of the new text", got)
	}
	wg.Wait()
}

// A script may come later, and go.
func TestScriptMissing(t *testing.T) {
	s := open(t)
	s.want(201, "A", "PUT", "x", `{"path":"p","handler_script_path":"/dir/h.py"}`)
	missing := func(why string) {
		t.Helper()
		s.want(500, "A", "GET", "u/p", "")
		v := decode[struct{ Error string }](t, s.want(200, "A", "GET", "x", ""))
		if v.Error != why {
			t.Errorf("error %q, want %q", v.Error, why)
		}
	}
	missing("the script is not there yet; save it")
	s.script("dir/h.py", "# go: hello")
	s.want(200, "A", "GET", "u/p", "")
	if err := os.Remove(filepath.Join(s.dir, "dir", "h.py")); err != nil {
		t.Fatal(err)
	}
	missing("the script is not there yet; save it")
	if err := os.Remove(filepath.Join(s.dir, "dir")); err != nil {
		t.Fatal(err)
	}
	s.script("dir", "a file in the place of the directory")
	missing("the script cannot be there, as its path goes through a file; name another path")
}

// Lists tell of faults that no call has met yet.
func TestScriptCheckedEarly(t *testing.T) {
	store := manage.Memory()
	for i, file := range []string{"/good.py", "/bad.py", "/none.py"} {
		r := manage.Record{Account: "A", ID: fmt.Sprint("x", i), Path: fmt.Sprint("p", i), Handler: file, Enabled: true}
		if _, err := store.Create(t.Context(), "A", r); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, func(o *manage.Options) {
		o.Store = store
		for name, text := range map[string]string{"good.py": "# go: hello", "bad.py": "bad"} {
			if err := o.Scripts.WriteFile(name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	})
	eventually(t, "two faults in the list", func() bool {
		text := s.want(200, "A", "GET", "list", "").Body.String()
		return strings.Contains(text, "bad.py:1:5") && strings.Contains(text, "not there yet") && strings.Count(text, `"error"`) == 2
	})
}

// Nothing outside of the scripts is read, nor anything that is no file.
func TestScriptEscapes(t *testing.T) {
	leak.Check(t)
	outside := filepath.Join(t.TempDir(), "secret.py")
	if err := os.WriteFile(outside, []byte("# go: hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := open(t)
	s.script("inside.py", "# go: hello")
	for name, target := range map[string]string{
		"absolute.py": outside, "climbs.py": "../" + filepath.Base(filepath.Dir(outside)) + "/secret.py", "dir": filepath.Dir(outside), "loop.py": "loop.py",
	} {
		if err := os.Symlink(target, filepath.Join(s.dir, name)); err != nil {
			t.Skip("no symbolic links here: ", err)
		}
	}
	if err := os.Symlink("inside.py", filepath.Join(s.dir, "within.py")); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"/absolute.py", "/climbs.py", "/dir/secret.py", "/loop.py", "/dir"} {
		f := decode[fault](t, s.want(400, "A", "PUT", "x", `{"path":"p","handler_script_path":"`+file+`"}`))
		if strings.Contains(f.Detail, s.dir) || strings.Contains(f.Detail, filepath.Dir(outside)) {
			t.Errorf("%s: the answer tells paths of the machine: %s", file, f.Detail)
		}
	}
	s.want(201, "A", "PUT", "x", `{"path":"p","handler_script_path":"/within.py"}`)
	s.want(200, "A", "GET", "u/p", "")
}

// A script that cannot be compiled now is neither faulty nor forgotten.
func TestEngineBusy(t *testing.T) {
	s := open(t)
	s.put("A", "x", "p", "hello")
	s.want(200, "A", "GET", "u/p", "")
	s.engine.temporary.Store(true)
	s.script("A/hello.py", "# go: echo")
	s.want(200, "A", "GET", "u/p", "") // by the version before
	s.script("new.py", "# go: hello")
	if w := s.want(503, "A", "PUT", "y", `{"path":"q","handler_script_path":"/new.py"}`); w.Header().Get("Retry-After") != "1" {
		t.Errorf("header %v", w.Header())
	}
	s.want(404, "A", "GET", "y", "")
	s.engine.temporary.Store(false)
	if got := s.want(200, "A", "GET", "u/p", "").Body.String(); got != "GET" {
		t.Errorf("answer %q, want that of the new version", got)
	}
}

func TestOwnScripts(t *testing.T) {
	s := open(t, func(o *manage.Options) { o.OwnScripts = true })
	s.script("A/h.py", "# go: hello")
	s.script("B/h.py", "broken with a secret")
	s.want(201, "A", "PUT", "x", `{"path":"p","handler_script_path":"/A/h.py"}`)
	for _, file := range []string{"/B/h.py", "/h.py", "B/h.py", "/AB/h.py", "/A"} {
		w := s.want(400, "A", "PUT", "y", `{"path":"q","handler_script_path":"`+file+`"}`)
		if !strings.Contains(w.Body.String(), "name one below /A/") {
			t.Errorf("%s: %s", file, w.Body)
		}
	}
}

func TestScriptSource(t *testing.T) {
	leak.Check(t)
	s := open(t)
	s.want(201, "A", "PUT", "x", `{"path":"p","handler_script_path":"/A/dir/h.py"}`)
	s.want(404, "A", "GET", "x/script", "")
	text := "# go: say ü\n# <b>\n"
	first := s.want(200, "A", "PUT", "x/script", text, "If-None-Match", "*").Header().Get("ETag")
	s.want(412, "A", "PUT", "x/script", text, "If-None-Match", "*")
	w := s.want(200, "A", "GET", "x/script", "")
	if w.Body.String() != text || w.Header().Get("ETag") != first || w.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("body %q, header %v", w.Body, w.Header())
	}
	s.want(304, "A", "GET", "x/script", "", "If-None-Match", first)
	if got := s.want(200, "A", "GET", "u/p", "").Body.String(); got != "ü" {
		t.Errorf("answer %q", got)
	}
	second := s.want(200, "A", "PUT", "x/script", "# go: say 2", "If-Match", first).Header().Get("ETag")
	if got := s.want(200, "A", "GET", "u/p", "").Body.String(); got != "2" {
		t.Errorf("answer %q", got)
	}
	s.want(412, "A", "PUT", "x/script", "# go: say 3", "If-Match", first)
	f := decode[fault](t, s.want(400, "A", "PUT", "x/script", "def"))
	if f.Detail != "A/dir/h.py:1:5: got newline, want go" || f.Line != 1 || f.Column != 5 {
		t.Errorf("problem %+v", f)
	}
	s.want(413, "A", "PUT", "x/script", strings.Repeat("#", 64<<10+1))
	s.want(400, "A", "PUT", "x/script", "# go: say \xff")
	s.want(400, "A", "PUT", "x/script", "# go: say \x00")
	s.want(404, "B", "GET", "x/script", "")
	s.want(404, "B", "PUT", "x/script", text)
	s.want(201, "A", "PUT", "through", `{"path":"through","handler_script_path":"/A/dir/h.py/h.py"}`)
	if f := decode[fault](t, s.want(400, "A", "PUT", "through/script", text)); !strings.Contains(f.Detail, "name another path") {
		t.Errorf("a script below a script: %+v", f)
	}
	if got := s.want(200, "A", "GET", "x/script", ""); got.Header().Get("ETag") != second {
		t.Errorf("a refused text was saved: %s", got.Body)
	}
	names, err := os.ReadDir(filepath.Join(s.dir, "A", "dir"))
	if err != nil || len(names) != 1 {
		t.Errorf("files %v %v, want one", names, err)
	}
}

// The text of a script belongs to the account whose directory it is in.
func TestScriptSourceOfOthers(t *testing.T) {
	s := open(t, func(o *manage.Options) { o.Handlers = map[string]any{"native": func() string { return "x" }} })
	s.script("B/h.py", "# go: hello")
	s.script("h.py", "# go: hello")
	for i, file := range []string{"/B/h.py", "/h.py"} {
		id := fmt.Sprint("x", i)
		s.want(201, "A", "PUT", id, fmt.Sprintf(`{"path":"p%d","handler_script_path":%q}`, i, file))
		for _, method := range []string{http.MethodGet, http.MethodPut} {
			w := s.want(403, "A", method, id+"/script", "# go: say evil")
			if !strings.Contains(w.Body.String(), "below /A/") {
				t.Errorf("%s %s: %s", method, file, w.Body)
			}
		}
	}
	s.want(201, "A", "PUT", "n", `{"path":"n","handler_script_path":"native"}`)
	s.want(404, "A", "GET", "n/script", "")
	s.want(404, "A", "PUT", "n/script", "# go: hello")
}

// Of many who save at once from the same text, one wins.
func TestScriptSavedAtOnce(t *testing.T) {
	s := open(t)
	s.put("A", "x", "p", "hello")
	tag := s.want(200, "A", "GET", "x/script", "").Header().Get("ETag")
	var wg sync.WaitGroup
	var mu sync.Mutex
	codes := map[int]int{}
	for i := range 16 {
		wg.Go(func() {
			code := s.do("A", "PUT", "x/script", fmt.Sprintf("# go: say %d", i), "If-Match", tag).Code
			mu.Lock()
			codes[code]++
			mu.Unlock()
		})
	}
	wg.Wait()
	if codes[200] != 1 || codes[412] != 15 {
		t.Errorf("answers %v, want one 200 and 412 for the others", codes)
	}
}
