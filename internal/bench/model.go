package main

// user is the answer of C2.
type user struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

// findUser is the work of C2. It allocates nothing.
func findUser(id int64) user {
	return user{ID: id, Name: "Ada Lovelace", Email: "ada@example.com"}
}

// repository is the answer of C3: the bound input.
type repository struct {
	Org      string   `json:"org"`
	Repo     string   `json:"repo"`
	Page     int      `json:"page"`
	Archived bool     `json:"archived"`
	Sort     string   `json:"sort"`
	Labels   []string `json:"labels"`
}

// order is the body of C4. Both tags hold the same rules: validate for
// validator/v10 and endpoint, binding for gin, which reads that tag by default.
type order struct {
	Number   string   `json:"number" validate:"required,min=3,max=20" binding:"required,min=3,max=20"`
	Currency string   `json:"currency" validate:"required,oneof=EUR USD GBP" binding:"required,oneof=EUR USD GBP"`
	Customer customer `json:"customer"`
	Lines    []line   `json:"lines" validate:"required,min=1,max=50,dive" binding:"required,min=1,max=50,dive"`
	Tags     []string `json:"tags" validate:"max=10,dive,min=1,max=20" binding:"max=10,dive,min=1,max=20"`
}

// customer is a part of an [order].
type customer struct {
	Name    string  `json:"name" validate:"required,max=100" binding:"required,max=100"`
	Email   string  `json:"email" validate:"required,email" binding:"required,email"`
	Address address `json:"address"`
}

// address is a part of a [customer].
type address struct {
	Street  string `json:"street" validate:"required,max=100" binding:"required,max=100"`
	City    string `json:"city" validate:"required,max=60" binding:"required,max=60"`
	Zip     string `json:"zip" validate:"required,min=3,max=10" binding:"required,min=3,max=10"`
	Country string `json:"country" validate:"required,len=2" binding:"required,len=2"`
}

// line is a part of an [order]; Price is in cents.
type line struct {
	SKU      string `json:"sku" validate:"required,min=3,max=20" binding:"required,min=3,max=20"`
	Title    string `json:"title" validate:"required,max=80" binding:"required,max=80"`
	Quantity int    `json:"quantity" validate:"min=1,max=1000" binding:"min=1,max=1000"`
	Price    int64  `json:"price" validate:"min=0,max=10000000" binding:"min=0,max=10000000"`
}

// receipt is the answer of C4.
type receipt struct {
	Number string `json:"number"`
	Email  string `json:"email"`
	Lines  int    `json:"lines"`
	Total  int64  `json:"total"`
}

// takeOrder is the work of C4. It allocates nothing.
func takeOrder(o *order) receipt {
	out := receipt{Number: o.Number, Email: o.Customer.Email, Lines: len(o.Lines)}
	for i := range o.Lines {
		out.Total += int64(o.Lines[i].Quantity) * o.Lines[i].Price
	}
	return out
}

// item is an element of the body of C5.
type item struct {
	ID       int64  `json:"id" validate:"min=1" binding:"min=1"`
	SKU      string `json:"sku" validate:"required,min=3,max=20" binding:"required,min=3,max=20"`
	Title    string `json:"title" validate:"required,max=80" binding:"required,max=80"`
	Supplier string `json:"supplier" validate:"required,max=40" binding:"required,max=40"`
	Quantity int    `json:"quantity" validate:"min=1,max=1000" binding:"min=1,max=1000"`
	Price    int64  `json:"price" validate:"min=0,max=10000000" binding:"min=0,max=10000000"`
}

// priced is an element of the answer of C5.
type priced struct {
	ID    int64  `json:"id"`
	SKU   string `json:"sku"`
	Total int64  `json:"total"`
}

// priceItems is the work of C5. It allocates the result once.
func priceItems(items []item) []priced {
	out := make([]priced, len(items))
	for i := range items {
		it := &items[i]
		out[i] = priced{ID: it.ID, SKU: it.SKU, Total: int64(it.Quantity) * it.Price}
	}
	return out
}

// membership is the answer of C8.
type membership struct {
	Name       string `json:"name"`
	Email      string `json:"email"`
	City       string `json:"city"`
	Age        int    `json:"age"`
	Newsletter bool   `json:"newsletter"`
	Message    int    `json:"message"` // its length in bytes
}

// signup is the form of C8 with the tags of gin, echo and fiber.
// endpoint has a type of its own, since it refuses a field with two sources.
type signup struct {
	Name       string `form:"name" validate:"required,max=100" binding:"required,max=100"`
	Email      string `form:"email" validate:"required,email" binding:"required,email"`
	Street     string `form:"street" validate:"required,max=100" binding:"required,max=100"`
	City       string `form:"city" validate:"required,max=60" binding:"required,max=60"`
	Zip        string `form:"zip" validate:"required,min=3,max=10" binding:"required,min=3,max=10"`
	Country    string `form:"country" validate:"required,len=2" binding:"required,len=2"`
	Phone      string `form:"phone" validate:"required,min=5,max=20" binding:"required,min=5,max=20"`
	Age        int    `form:"age" validate:"min=18,max=130" binding:"min=18,max=130"`
	Newsletter bool   `form:"newsletter"`
	Message    string `form:"message" validate:"required,max=2000" binding:"required,max=2000"`
}

// join is the work of C8. It allocates nothing.
func join(s *signup) membership {
	return membership{
		Name: s.Name, Email: s.Email, City: s.City,
		Age: s.Age, Newsletter: s.Newsletter, Message: len(s.Message),
	}
}
