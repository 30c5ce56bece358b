package autobahn

type process struct{}
type ProcessSpec struct{ Command []string }
