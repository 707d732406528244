package main

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// ginContender is gin with its own binding, validation and JSON, without the
// logger and the recovery that gin.Default adds.
func ginContender() contender {
	return contender{name: "gin", role: peer, api: ginAPI, table: ginTable, register: ginRegister}
}

func newGin() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	return gin.New()
}

type ginUser struct {
	ID int64 `uri:"id" binding:"required"`
}

type ginRepositoryPath struct {
	Org  string `uri:"org" binding:"required"`
	Repo string `uri:"repo" binding:"required"`
}

type ginRepositoryQuery struct {
	Page     int      `form:"page,default=1" binding:"min=1,max=1000"`
	Archived bool     `form:"archived"`
	Sort     string   `form:"sort,default=created" binding:"oneof=created updated pushed full_name"`
	Labels   []string `form:"label" binding:"max=10,dive,min=1,max=50"`
}

func ginRefuse(c *gin.Context, err error) {
	c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
}

func ginAPI() (server, error) {
	r := newGin()
	r.GET("/hello", func(c *gin.Context) { c.String(http.StatusOK, "Hello, World!") })
	r.GET("/users/:id", func(c *gin.Context) {
		var in ginUser
		if err := c.ShouldBindUri(&in); err != nil {
			ginRefuse(c, err)
			return
		}
		c.JSON(http.StatusOK, findUser(in.ID))
	})
	r.GET("/orgs/:org/repos/:repo", ginRepository)
	r.POST("/orders", func(c *gin.Context) {
		var in order
		if err := c.ShouldBindJSON(&in); err != nil {
			ginRefuse(c, err)
			return
		}
		c.JSON(http.StatusOK, takeOrder(&in))
	})
	r.POST("/items", func(c *gin.Context) {
		var in []item
		if err := c.ShouldBindJSON(&in); err != nil {
			ginRefuse(c, err)
			return
		}
		c.JSON(http.StatusOK, priceItems(in))
	})
	r.POST("/signup", func(c *gin.Context) {
		var in signup
		if err := c.ShouldBind(&in); err != nil {
			ginRefuse(c, err)
			return
		}
		c.JSON(http.StatusOK, join(&in))
	})
	return server{http: r}, nil
}

func ginRepository(c *gin.Context) {
	var path ginRepositoryPath
	if err := c.ShouldBindUri(&path); err != nil {
		ginRefuse(c, err)
		return
	}
	var query ginRepositoryQuery
	if err := c.ShouldBindQuery(&query); err != nil {
		ginRefuse(c, err)
		return
	}
	c.JSON(http.StatusOK, repository{path.Org, path.Repo, query.Page, query.Archived, query.Sort, query.Labels})
}

func ginTable(routes []route, hit *int) (server, error) {
	r := newGin()
	for i, rt := range routes {
		names := rt.names("")
		r.Handle(rt.method, rt.path(":", "*"), func(c *gin.Context) {
			for _, name := range names {
				if c.Param(name) == "" {
					c.Status(http.StatusInternalServerError)
					return
				}
			}
			*hit = i
			c.String(http.StatusOK, tableText)
		})
	}
	return server{http: r}, nil
}

func ginRegister(n int) error {
	r := newGin()
	for _, path := range typedPaths(n, ":id") {
		r.GET(path, func(c *gin.Context) {
			var in ginUser
			if err := c.ShouldBindUri(&in); err != nil {
				ginRefuse(c, err)
				return
			}
			c.JSON(http.StatusOK, findUser(in.ID))
		})
	}
	return nil
}
