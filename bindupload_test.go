package endpoint_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/leak"
)

type bindUpload struct {
	File *endpoint.File   `file:"file"`
	Many []*endpoint.File `file:"many"`
	Note string           `form:"note"`
}

// bindStored is a handler that reads what it was sent: names, sizes, the note
// and how many temporary files there are meanwhile.
func bindStored(in bindUpload) (string, error) {
	var b strings.Builder
	files := in.Many
	if in.File != nil {
		files = append(files, in.File)
	}
	for _, f := range files {
		r, err := f.Open()
		if err != nil {
			return "", err
		}
		n, err := io.Copy(io.Discard, r)
		if closed := r.Close(); err != nil || closed != nil || n != f.Size {
			return "", fmt.Errorf("%d bytes of %d: %w %w", n, f.Size, err, closed)
		}
		fmt.Fprintf(&b, "<%s> %d ", f.Name, n)
	}
	fmt.Fprintf(&b, "note=%d temporary=%d", len(in.Note), bindTemporary())
	return b.String(), nil
}

// bindTemporary counts the files in the directory for temporary ones.
func bindTemporary() int {
	entries, _ := os.ReadDir(os.TempDir()) // one that is gone has none
	n := 0
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "endpoint-upload-") {
			n++
		}
	}
	return n
}

func bindUploads(api *endpoint.API) {
	large := endpoint.MaxBody(32 << 20)
	api.Post("upload", bindStored, large)
	api.Post("upload/default", bindStored)
	api.Post("upload/panic", func(bindUpload) string { panic("after the files came") }, large)
	api.Post("upload/error", func(bindUpload) error { return endpoint.Errorf(409, "no room") }, large)
}

func TestBindUploads(t *testing.T) {
	leak.Check(t)
	t.Setenv("TMPDIR", t.TempDir())
	bindRun(t, bindServe(t, bindAPI()), bindUploadCases())
	if n := bindTemporary(); n != 0 {
		t.Errorf("81: %d temporary files are left", n)
	}
}

// bindBody writes an upload whose body is made by hand, with the boundary x.
func bindBody(target, body string) string {
	return bindText("POST", target, "Content-Type: multipart/form-data; boundary=x\r\n", body)
}

// bindUploadCases are rows 81 and 82.
func bindUploadCases() []bindCase {
	const file = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\ncontent\r\n--x--\r\n"
	part := func(header string) string {
		return "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n" + header + "\r\ncontent\r\n--x--\r\n"
	}
	parts := func(n int) string {
		return strings.Repeat("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n", n) + "--x--\r\n"
	}
	head := func(kind string) string {
		return bindText("POST", "/upload", "Content-Type: "+kind+"\r\n", file)
	}
	big := strings.Repeat("c", 3<<20)
	list := []struct{ name, reason, want, holds, raw string }{
		{"81 right", "in memory", "200", "<f> 7 note=0 temporary=0", bindBody("/upload", file)},
		{"81 right large", "in a temporary file", "200", "<f> 3145728 note=4 temporary=1", bindMultipart("/upload", bindPart{"note", "", "note"}, bindPart{"file", "f", big})},
		{"81 right several", "each where there is room", "200", "<a> 3145728 <b> 3 <c> 3145728 note=0 temporary=2",
			bindMultipart("/upload", bindPart{"many", "a", big}, bindPart{"many", "b", "abc"}, bindPart{"many", "c", big})},
		{"81 panic", "files go after a panic", "500", "", bindMultipart("/upload/panic", bindPart{"file", "f", big})},
		{"81 error", "files go after an error", "409", "", bindMultipart("/upload/error", bindPart{"file", "f", big})},
		{"81 fault after the file", "files go after a fault", "422", "", bindMultipart("/upload", bindPart{"file", "f", big}, bindPart{"note", "", "\xff"})},
		{"81 not wanted by JSON", "a form of another site", "415", "", bindMultipart("/people", bindPart{"file", "f", "c"})},
		{"81 not wanted by a form", "a form is urlencoded", "415", "", bindMultipart("/fields", bindPart{"name", "", "c"})},
		{"81 not multipart", "and an upload is not", "415", "", bindForm("/upload", "note=a")},
		{"81 parts 100", "as many are allowed", "200", "", bindBody("/upload", parts(100))},
		{"81 parts 101", "no more", "400", "", bindBody("/upload", parts(101))},
		{"81 parts 10000", "each part costs memory", "4xx", "", bindBody("/upload", parts(10_000))},
		{"81 parts 50000", "each part costs memory", "4xx", "", bindBody("/upload", parts(50_000))},
		{"81 parts 100000", "each part costs memory", "4xx", "", bindBody("/upload", parts(100_000))},
		{"81 preamble 5 MB", "more than MaxBody", "413", "", bindBody("/upload/default", strings.Repeat("preamble\r\n", 500_000)+file)},
		{"81 preamble 5 MB in a large body", "nothing stands before the first boundary", "4xx", "", bindBody("/upload", strings.Repeat("preamble\r\n", 500_000)+file)},
		{"81 preamble one line", "a line of 5 MB", "4xx", "", bindBody("/upload", strings.Repeat("preamble", 600_000)+"\r\n"+file)},
		{"81 part headers 20000", "each field costs memory", "4xx", "", bindBody("/upload", part(strings.Repeat("A: b\r\n", 20_000)))},
		{"81 part header 1 MB", "a field costs memory", "4xx", "", bindBody("/upload", part("A: "+strings.Repeat("b", 1<<20)+"\r\n"))},
		{"81 part header by default", "also below MaxBody", "4xx", "", bindBody("/upload/default", part("A: "+strings.Repeat("b", 900_000)+"\r\n"))},
		{"81 near boundaries", "no look-ahead for each", "200|4xx", "", bindBody("/upload", part("\r\n"+strings.Repeat("\r\n--", 200_000)))},
		{"81 nearer boundaries", "no look-ahead for each", "200|4xx", "", bindBody("/upload", strings.Replace(file, "content", strings.Repeat("\r\n--y\r\n--xx", 200_000), 1))},
		{"81 near boundaries by default", "more than MaxBody", "413", "", bindBody("/upload/default", strings.Replace(file, "content", strings.Repeat("\r\n--y\r\n--xx", 200_000), 1))},
		{"81 no boundary", "nothing to split at", "4xx", "", head("multipart/form-data")},
		{"81 empty boundary", "nothing to split at", "4xx", "", head("multipart/form-data; boundary=")},
		{"81 empty quoted boundary", "nothing to split at", "4xx", "", head(`multipart/form-data; boundary=""`)},
		{"81 long boundary", "RFC 2046 allows 70", "4xx", "", head("multipart/form-data; boundary=" + strings.Repeat("x", 71))},
		{"81 huge boundary", "searching for it costs", "4xx", "", head("multipart/form-data; boundary=" + strings.Repeat("x", 60_000))},
		{"81 two boundaries", "two parsers must not see two bodies", "4xx", "", head("multipart/form-data; boundary=y; boundary=x")},
		{"81 other boundary", "no part at all", "4xx", "", head("multipart/form-data; boundary=y")},
		{"81 no end", "a cut body is no whole one", "4xx", "", bindBody("/upload", strings.TrimSuffix(file, "--x--\r\n"))},
		{"81 half a part", "a cut body is no whole one", "4xx", "", bindBody("/upload", "--x\r\nContent-Dispo")},
		{"81 empty", "no part at all", "4xx", "", bindBody("/upload", "")},
		{"81 only the end", "no part at all", "4xx", "", bindBody("/upload", "--x--\r\n")},
		{"81 text over 1 MiB", "texts stay in memory", "413", "", bindMultipart("/upload", bindPart{"note", "", strings.Repeat("a", 1<<20+1)})},
		{"81 file twice", "a scalar has one value", "422", "", bindMultipart("/upload", bindPart{"file", "a", "1"}, bindPart{"file", "b", "2"})},
		{"81 text twice", "a scalar has one value", "422", "", bindMultipart("/upload", bindPart{"note", "", "1"}, bindPart{"note", "", "2"})},
		{"81 files over MaxBody", "the files count", "413", "", bindMultipart("/upload/default", bindPart{"file", "f", big})},
	}
	for sent, name := range map[string]string{
		"../../x": "x", `..\\x`: "x", `C:\\x`: "x", "/etc/passwd": "passwd", "a b.txt": "a b.txt", "жук.txt": "жук.txt", `a\"b`: `a"b`,
	} {
		list = append(list, struct{ name, reason, want, holds, raw string }{
			"82 name " + sent, "a name is no path", "200", "<" + name + "> 1 ", bindMultipart("/upload", bindPart{"file", sent, "c"}),
		})
	}
	for _, sent := range []string{"..", ".", `a\\`, "a\x01b", "a\x7fb", "a\xffb", "a\tb", strings.Repeat("a", 256), "/", "a\u0085b"} {
		list = append(list, struct{ name, reason, want, holds, raw string }{
			fmt.Sprintf("82 name %.20q", sent), "no file can have it", "4xx", "", bindMultipart("/upload", bindPart{"file", sent, "c"}),
		})
	}
	cases := make([]bindCase, len(list))
	for i, c := range list {
		cases[i] = bindCase{name: c.name, reason: c.reason, want: c.want, holds: c.holds, within: 2 * time.Second, raw: func() string { return c.raw }}
	}
	return cases
}

func TestBindUploadCutOff(t *testing.T) {
	// 81 and 43: a body that ends before its announced length is refused, also
	// when the parts that came are whole.
	t.Setenv("TMPDIR", t.TempDir())
	addr := bindServe(t, bindAPI())
	whole := bindMultipart("/upload", bindPart{"file", "f", strings.Repeat("c", 2<<20)})
	for name, raw := range map[string]string{
		"half":         whole[:len(whole)/2],
		"last byte":    whole[:len(whole)-3],
		"after an end": strings.Replace(whole, "Content-Length: ", "Content-Length: 1", 1),
	} {
		conn := bindDial(t, addr)
		sent := make(chan error, 1)
		go func() {
			_, err := io.WriteString(conn, raw)
			sent <- err
			_ = conn.CloseWrite()
		}()
		answer, err := io.ReadAll(conn)
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 4") {
			t.Errorf("%s: %.100q, %v, want 4xx", name, answer, err)
		}
		<-sent
	}
	if n := bindTemporary(); n != 0 {
		t.Errorf("%d temporary files are left", n)
	}
	bindHealthy(t, addr)
}

func TestBindUploadReset(t *testing.T) {
	// 81: clients that vanish with a RST leave no temporary file.
	leak.Check(t)
	t.Setenv("TMPDIR", t.TempDir())
	addr := bindServe(t, bindAPI(endpoint.BodyTimeout(10*time.Second)))
	whole := bindMultipart("/upload", bindPart{"file", "f", strings.Repeat("c", 4<<20)})
	const clients = 10
	var conns []net.Conn
	for range clients {
		conn := bindDial(t, addr)
		conns = append(conns, conn)
		if _, err := io.WriteString(conn, whole[:3<<20]); err != nil {
			t.Fatal(err)
		}
	}
	if !bindSoon(5*time.Second, func() bool { return bindTemporary() == clients }) {
		t.Fatalf("%d temporary files meanwhile, want %d: the test tests nothing", bindTemporary(), clients)
	}
	for _, conn := range conns {
		bindReset(conn)
	}
	if !bindSoon(10*time.Second, func() bool { return bindTemporary() == 0 }) {
		t.Errorf("%d temporary files are left", bindTemporary())
	}
	bindHealthy(t, addr)
}

// bindReset closes a connection with a RST.
func bindReset(conn net.Conn) {
	_ = conn.(*net.TCPConn).SetLinger(0) // else the close is an orderly one
	_ = conn.Close()
}
