package manage_test

import (
	"testing"

	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/manage"
	"github.com/seed217079a1/endpoint/manage/storetest"
)

func TestMemory(t *testing.T) {
	leak.Check(t)
	storetest.Test(t, func(*testing.T) func() manage.Store {
		s := manage.Memory()
		return func() manage.Store { return s }
	})
}
