// Package chart draws the charts of package report. It is apart because the benchmarks' servers, which are processes of the
// program that measures, would otherwise hold the fonts of the plotting library, for the collector to go through.
package chart

import (
	"fmt"
	"image/color"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/seed-d69ae1b7/websocket/bench/internal/report"
)

// colours are told apart by the colour-blind, too.
var colours = []color.Color{
	color.RGBA{R: 0x00, G: 0x72, B: 0xB2, A: 0xFF},
	color.RGBA{R: 0xE6, G: 0x9F, B: 0x00, A: 0xFF},
	color.RGBA{R: 0x00, G: 0x9E, B: 0x73, A: 0xFF},
}

// Save draws c into a file in dir.
func Save(c report.Chart, dir string) error {
	p := plot.New()
	p.Title.Text = c.Title
	p.Title.Padding = vg.Points(8)
	p.Legend.Top = true
	p.Legend.Left = true
	p.Y.Min = 0
	p.X.Tick.Label.Rotation = 0.5
	p.X.Tick.Label.XAlign = -0.9
	p.X.Tick.Label.YAlign = -0.7
	p.Add(plotter.NewGrid())
	width := vg.Points(36 / float64(max(1, len(c.Series))))
	for i, s := range c.Series {
		bars, err := plotter.NewBarChart(plotter.Values(s.Values), width)
		if err != nil {
			return fmt.Errorf("chart: %s: %w", c.File, err)
		}
		bars.Color = colours[i%len(colours)]
		bars.LineStyle.Width = 0
		bars.Offset = width * vg.Length(float64(i)-float64(len(c.Series)-1)/2)
		p.Add(bars)
		p.Legend.Add(s.Name, bars)
		p.NominalX(s.Labels...)
	}
	if err := p.Save(26*vg.Centimeter, 12*vg.Centimeter, filepath.Join(dir, c.File)); err != nil {
		return fmt.Errorf("chart: %s: %w", c.File, err)
	}
	return nil
}
