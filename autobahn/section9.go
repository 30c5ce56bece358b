package autobahn

func section9() []*Case  { return nil }
func section12() []*Case { return nil }
func section13() []*Case { return nil }

type process struct{}
type ProcessSpec struct{ Command []string }
