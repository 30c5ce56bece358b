package autobahn

import (
	"fmt"
	"testing"
)

func TestZY(t *testing.T) {
	n := map[string]int{}
	var order []string
	for _, c := range Cases() {
		g := c.Group()
		if n[g] == 0 {
			order = append(order, g)
		}
		n[g]++
	}
	for _, g := range order {
		fmt.Print(g, ":", n[g], " ")
	}
	fmt.Println(len(Cases()))
}
