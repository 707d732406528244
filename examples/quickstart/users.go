package main

import (
	"strings"

	"github.com/seed217079a1/endpoint"
)

// ListUsers selects users. Each field names its one source.
type ListUsers struct {
	Name  string `query:"name"`                                        // a part of the name, in any case
	Limit int    `query:"limit" default:"20" validate:"min=1,max=100"` // how many users at most
}

// UserList is a page of users.
type UserList struct {
	Users []User `json:"users"`
	Total int    `json:"total"` // how many there are, without the limit
}

// Lists users by id: all, or those with a text in their name.
func listUsers(in ListUsers, store *Users) UserList {
	// A handler is a plain function: this one takes the input and a dependency.
	all, _ := store.List()
	var found []User
	for _, u := range all {
		if strings.Contains(strings.ToLower(u.Name), strings.ToLower(in.Name)) {
			found = append(found, u)
		}
	}
	return UserList{found[:min(in.Limit, len(found))], len(found)}
}

// UserData is what can be said of a user.
type UserData struct { // a body: a struct whose fields name no source is read as JSON
	Name  string `json:"name" validate:"required,min=1,max=100"`
	Email string `json:"email" validate:"required,email"`
}

// Creates a user, and says where it is in Location.
func createUser(in UserData, store *Users, links Links) (*endpoint.Response, error) {
	// A Response has a header too. Its status is set where the endpoint is
	// registered.
	u, err := store.Create(in.Name, in.Email)
	if err != nil {
		return nil, err // api.go maps it to a status
	}
	location, err := links.User.URL(u.ID)
	if err != nil {
		return nil, err
	}
	return endpoint.Respond(0, u).Set("Location", location), nil
}

// UserID names a user.
type UserID struct {
	ID int64 `path:"id" validate:"min=1"`
}

// Returns one user.
func getUser(in UserID, store *Users) (User, error) {
	return store.Get(in.ID)
}

// UpdateUser has a path parameter and a body. The body cannot overwrite the
// id, whatever its members are called.
type UpdateUser struct {
	UserID

	Data UserData `body:"json"`
}

// Replaces all of a user but the id.
func updateUser(in UpdateUser, store *Users) (User, error) {
	u := User{ID: in.ID, Name: in.Data.Name, Email: in.Data.Email}
	return u, store.Update(u)
}

// Deletes a user. The id is never used again.
func deleteUser(in UserID, store *Users) error {
	return store.Delete(in.ID) // without a result the answer is 204
}
