package main

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"
	"github.com/go-playground/validator/v10"
)

// chiContender is chi, which binds nothing, with what its users add:
// encoding/json, strconv and validator/v10.
func chiContender() contender {
	return contender{name: "chi", role: peer, api: chiAPI, table: chiTable, register: chiRegister}
}

// chiService holds the validator.
type chiService struct{ v *validator.Validate }

type chiRepositoryInput struct {
	Org      string `validate:"required"`
	Repo     string `validate:"required"`
	Page     int    `validate:"min=1,max=1000"`
	Archived bool
	Sort     string   `validate:"oneof=created updated pushed full_name"`
	Labels   []string `validate:"max=10,dive,min=1,max=50"`
}

func chiAnswer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", typeJSON)
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

func chiText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write([]byte(text))
}

func chiRefuse(w http.ResponseWriter, err error) {
	chiAnswer(w, http.StatusUnprocessableEntity, map[string]string{"error": err.Error()})
}

func chiAPI() (server, error) {
	s := chiService{validator.New()}
	r := chi.NewRouter()
	r.Get("/hello", func(w http.ResponseWriter, _ *http.Request) { chiText(w, "Hello, World!") })
	r.Get("/users/{id}", chiUser)
	r.Get("/orgs/{org}/repos/{repo}", s.repository)
	r.Post("/orders", func(w http.ResponseWriter, r *http.Request) {
		var in order
		err := json.NewDecoder(r.Body).Decode(&in)
		if err == nil {
			err = s.v.Struct(&in)
		}
		if err != nil {
			chiRefuse(w, err)
			return
		}
		chiAnswer(w, http.StatusOK, takeOrder(&in))
	})
	r.Post("/items", func(w http.ResponseWriter, r *http.Request) {
		var in []item
		err := json.NewDecoder(r.Body).Decode(&in)
		if err == nil {
			err = s.v.Var(in, "dive")
		}
		if err != nil {
			chiRefuse(w, err)
			return
		}
		chiAnswer(w, http.StatusOK, priceItems(in))
	})
	r.Post("/signup", s.signup)
	return server{http: r}, nil
}

func chiUser(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil {
		chiRefuse(w, err)
		return
	}
	chiAnswer(w, http.StatusOK, findUser(id))
}

func (s chiService) repository(w http.ResponseWriter, r *http.Request) {
	in := chiRepositoryInput{Org: chi.URLParam(r, "org"), Repo: chi.URLParam(r, "repo"), Page: 1, Sort: "created"}
	query := r.URL.Query()
	var err error
	if query.Has("page") {
		in.Page, err = strconv.Atoi(query.Get("page"))
	}
	if err == nil && query.Has("archived") {
		in.Archived, err = strconv.ParseBool(query.Get("archived"))
	}
	if query.Has("sort") {
		in.Sort = query.Get("sort")
	}
	in.Labels = query["label"]
	if err == nil {
		err = s.v.Struct(&in)
	}
	if err != nil {
		chiRefuse(w, err)
		return
	}
	chiAnswer(w, http.StatusOK, repository(in))
}

func (s chiService) signup(w http.ResponseWriter, r *http.Request) {
	err := r.ParseForm()
	form := r.PostForm
	in := signup{
		Name: form.Get("name"), Email: form.Get("email"), Street: form.Get("street"), City: form.Get("city"),
		Zip: form.Get("zip"), Country: form.Get("country"), Phone: form.Get("phone"), Message: form.Get("message"),
	}
	if err == nil {
		in.Age, err = strconv.Atoi(form.Get("age"))
	}
	if err == nil {
		in.Newsletter, err = strconv.ParseBool(form.Get("newsletter"))
	}
	if err == nil {
		err = s.v.Struct(&in)
	}
	if err != nil {
		chiRefuse(w, err)
		return
	}
	chiAnswer(w, http.StatusOK, join(&in))
}

func chiTable(routes []route, hit *int) (server, error) {
	r := chi.NewRouter()
	for i, rt := range routes {
		names := rt.names("*")
		path := rt.path("{", "*-")
		r.MethodFunc(rt.method, path, func(w http.ResponseWriter, r *http.Request) {
			for _, name := range names {
				if chi.URLParam(r, name) == "" {
					w.WriteHeader(http.StatusInternalServerError)
					return
				}
			}
			*hit = i
			chiText(w, tableText)
		})
	}
	return server{http: r}, nil
}

func chiRegister(n int) error {
	r := chi.NewRouter()
	for _, path := range typedPaths(n, "{id}") {
		r.Get(path, chiUser)
	}
	return nil
}
