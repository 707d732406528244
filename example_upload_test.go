package endpoint_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"

	"github.com/seed217079a1/endpoint"
)

// Files are fields of an input. What does not fit in memory is kept in
// temporary files, which are removed after the answer.
func ExampleFile() {
	api := endpoint.New()
	api.Post("albums/:album", func(in struct {
		Album  string           `path:"album"`
		Title  string           `form:"title" validate:"required"`
		Images []*endpoint.File `file:"image" validate:"min=1,max=10"`
	}) (string, error) {
		f, err := in.Images[0].Open()
		if err != nil {
			return "", err
		}
		defer f.Close()
		content, err := io.ReadAll(f)
		return fmt.Sprintf("%s: %s is %s, %d bytes: %s", in.Album, in.Title, in.Images[0].Name, in.Images[0].Size, content), err
	}, endpoint.MaxBody(10<<20))

	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.WriteField("title", "The sea") // a buffer takes everything
	part, _ := form.CreateFormFile("image", `C:\photos\sea.jpg`)
	_, _ = io.WriteString(part, "blue")
	_ = form.Close()

	exampleSend(api, "POST", "/albums/summer", form.FormDataContentType(), body.String())
	// Output:
	// 200 summer: The sea is sea.jpg, 4 bytes: blue
}
