package report

// Chart is a bar chart: a group of bars for each label, a bar for each series. Package chart draws it.
type Chart struct {
	File   string // its name, which ends in .svg
	Title  string
	Series []Series
}

// Series is the bars of one colour. The series of a chart have the same labels.
type Series struct {
	Name   string
	Labels []string
	Values []float64
}
