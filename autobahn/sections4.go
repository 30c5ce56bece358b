package autobahn

func sectionS4() []*Case { return nil }
