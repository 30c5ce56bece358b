package autobahn

// This file writes the HTML report: an overview of agents by cases, and a page per case with its wire log.

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"maps"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

//go:embed templates
var templateFiles embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{"ratio": ratioText}).ParseFS(templateFiles, "templates/*.html"))

// ratioText is a ratio to three places, or nothing where there was nothing to divide by.
func ratioText(ratio *float64) string {
	if ratio == nil {
		return ""
	}
	return fmt.Sprintf("%.3f", *ratio)
}

func style() template.CSS {
	b, _ := templateFiles.ReadFile("templates/style.css")
	return template.CSS(b)
}

// outcomes in the order of the overview, from good to bad.
var outcomes = []Outcome{OK, NonStrict, Informational, Unimplemented, Failed}

// class is the colour of an outcome in the pages.
func (o Outcome) class() string {
	switch o {
	case OK:
		return "ok"
	case NonStrict, WrongCode, FailedByClient:
		return "nonstrict"
	case Informational:
		return "info"
	case Unimplemented:
		return "missing"
	}
	return "failed"
}

// good tells whether there is nothing to look at.
func (o Outcome) good() bool { return o == OK || o == Informational }

// closeText is what a narrow column says of the closing.
func (r *Result) closeText() string {
	switch {
	case r.BehaviorClose == Failed || r.BehaviorClose == Unclean:
		return strings.ToLower(string(r.BehaviorClose))
	case r.RemoteCloseCode == nil:
		return "none"
	}
	return fmt.Sprint(*r.RemoteCloseCode)
}

type overviewAgent struct {
	Name     string
	Total    int
	Counts   []outcomeCount
	BadClose int
}

type outcomeCount struct {
	Outcome Outcome
	Count   int
}

type overviewCell struct {
	File, Class, Text, Why, CloseClass, Close, Code, Detail string
	Behavior                                                Outcome
	Good, GoodClose                                         bool // OK or INFORMATIONAL
}

// legend says what each outcome means, in the order of the overview; those behind the fifth grade the closing only.
var legend = []struct {
	Outcome Outcome
	Class   string
	Meaning string
}{
	{OK, OK.class(), "as it should be"},
	{NonStrict, NonStrict.class(), "allowed, but not what the RFC wishes"},
	{Informational, Informational.class(), "the RFC leaves it open: no other grade is possible"},
	{Unimplemented, Unimplemented.class(), "the endpoint lacks what the case is about"},
	{Failed, Failed.class(), "against the RFC"},
	{Unclean, Unclean.class(), "closing: no closing handshake where there should be one"},
	{WrongCode, WrongCode.class(), "closing: another close code than the case asks for"},
	{FailedByClient, FailedByClient.class(), "closing: the server left it to the suite to drop TCP"},
}

// version is that of the module the suite was built from. Where that is built together with the tool, out of one
// repository, it is the tool's, which names the commit.
func version(info *debug.BuildInfo) string {
	for _, m := range append(info.Deps, &info.Main) {
		if !strings.HasPrefix(reflect.TypeFor[Case]().PkgPath(), m.Path+"/") {
			continue
		}
		if m.Version == "(devel)" && strings.HasPrefix(info.Main.Path, m.Path) {
			return m.Path + " " + info.Main.Version
		}
		return m.Path + " " + m.Version
	}
	return info.Main.Path + " " + info.Main.Version
}

// An overviewRow is a section's heading, a group's, or a case.
type overviewRow struct {
	Number, Section, Group, Description string
	Cells                               []overviewCell
}

// WriteHTML writes index.html and a page per case into the directory, which it creates. The pages need nothing from other
// hosts. The command, if any, is what was run: it stands in index.html.
func (p *Report) WriteHTML(dir, command string) error {
	agents := p.Agents()
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	data := struct {
		Style                  template.CSS
		Outcomes               []Outcome
		Agents                 []overviewAgent
		Rows                   []overviewRow
		Span                   int
		Legend                 any
		Date, Version, Command string
	}{
		style(), outcomes, nil, p.rows(agents), len(agents) + 2, legend,
		time.Now().UTC().Format("2 January 2006, 15:04 MST"), version(info), command,
	}
	for _, a := range agents {
		data.Agents = append(data.Agents, p.countAgent(a))
	}
	if err := writePage(dir, "index.html", "overview.html", data); err != nil {
		return err
	}
	files := p.files()
	for _, a := range agents {
		for _, r := range p.Results(a) {
			if err := writePage(dir, files.of(r, "html"), "case.html", casePage(r)); err != nil {
				return err
			}
		}
	}
	return nil
}

func writePage(dir, name, page string, data any) error {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, page, data); err != nil {
		return fmt.Errorf("autobahn: %w", err)
	}
	return writeFile(dir, name, b.Bytes())
}

func (p *Report) countAgent(agent string) overviewAgent {
	a := overviewAgent{Name: agent}
	for _, o := range outcomes {
		a.Counts = append(a.Counts, outcomeCount{Outcome: o})
	}
	for _, r := range p.Results(agent) {
		a.Total++
		a.Counts[slices.Index(outcomes, r.Behavior)].Count++
		if !r.BehaviorClose.good() {
			a.BadClose++
		}
	}
	return a
}

// rows are all cases that any of the agents has run, under their headings.
func (p *Report) rows(agents []string) []overviewRow {
	var rows []overviewRow
	section, group, files := "", "", p.files()
	for _, c := range all() {
		var cells []overviewCell
		ran := false
		for _, a := range agents {
			cell := overviewCell{}
			if r := p.Get(a, c.ID); r != nil {
				ran = true
				cell = r.cell(files)
			}
			cells = append(cells, cell)
		}
		if !ran {
			continue
		}
		if c.Section() != section {
			section, group = c.Section(), section
			rows = append(rows, overviewRow{Number: section, Section: Title(section)})
		}
		if c.Group() != group && c.Group() != section {
			group = c.Group()
			rows = append(rows, overviewRow{Number: group, Group: Title(group)})
		}
		rows = append(rows, overviewRow{Number: c.ID, Description: c.Description, Cells: cells})
	}
	return rows
}

func (r *Result) cell(files files) overviewCell {
	c := overviewCell{
		File: files.of(r, "html"), Class: r.Behavior.class(), Text: strings.ToLower(string(r.Behavior)),
		Behavior: r.Behavior, Good: r.Behavior.good(), GoodClose: r.BehaviorClose.good(),
		CloseClass: r.BehaviorClose.class(), Close: string(r.BehaviorClose) + ". " + r.ResultClose, Code: r.closeText(), Why: r.Result,
	}
	if r.ReportTime {
		c.Detail = fmt.Sprintf("%d ms", r.Duration)
	}
	if t := r.TrafficStats; r.ReportCompressionRatio && t != nil {
		c.Detail += " " + ratioText(t.IncomingCompressionRatio) + "/" + ratioText(t.OutgoingCompressionRatio)
	}
	return c
}

type nameValue struct{ Name, Value string }

type logLine struct{ Class, Time, Text string }

func casePage(r *Result) any {
	data := struct {
		R                 *Result
		Style             template.CSS
		Class, CloseClass string
		Closing, Stats    []nameValue
		Log               []logLine
	}{r, style(), r.Behavior.class(), r.BehaviorClose.class(), r.closing(), r.stats(), nil}
	for _, w := range r.Wirelog {
		class, text := w.describe()
		data.Log = append(data.Log, logLine{class, fmt.Sprintf("%.3f", w.millis), text})
	}
	return data
}

// orNone is what v points to, or "none".
func orNone[T any](v *T) string {
	if v == nil {
		return "none"
	}
	return fmt.Sprint(*v)
}

func (r *Result) closing() []nameValue {
	return []nameValue{
		{"closed by the suite", fmt.Sprint(r.ClosedByMe)}, {"failed by the suite", fmt.Sprint(r.FailedByMe)},
		{"TCP dropped by the suite", fmt.Sprint(r.DroppedByMe)}, {"clean", fmt.Sprint(r.WasClean)},
		{"not clean because", orNone(r.WasNotCleanReason)},
		{"code sent", orNone(r.LocalCloseCode)}, {"reason sent", orNone(r.LocalCloseReason)},
		{"code received", orNone(r.RemoteCloseCode)}, {"reason received", orNone(r.RemoteCloseReason)},
	}
}

func (r *Result) stats() []nameValue {
	var list []nameValue
	for _, s := range []struct {
		name string
		of   map[int]int
	}{
		{"reads of %d octets", r.RxOctetStats}, {"writes of %d octets", r.TxOctetStats},
		{"frames received with opcode %d", r.RxFrameStats}, {"frames sent with opcode %d", r.TxFrameStats},
	} {
		for _, n := range slices.Sorted(maps.Keys(s.of)) {
			list = append(list, nameValue{fmt.Sprintf(s.name, n), fmt.Sprint(s.of[n])})
		}
	}
	return list
}

// String is the event as the pages show it.
func (e event) String() string {
	s := fmt.Sprintf("%s %q", e.kind, show(e.payload))
	if e.kind == "message" && e.binary {
		return "binary " + s
	}
	return s
}

// opcodeNames are those of RFC 6455, Section 11.8.
var opcodeNames = map[byte]string{0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}

// describe is the row in words, with its class in the pages.
func (w wireRow) describe() (class, text string) {
	v := w.values
	switch w.kind {
	case "RO", "TO":
		o := v[0].([]any)
		class, text = "in", "received"
		if w.kind == "TO" {
			class, text = "out", "sent"
		}
		return class, fmt.Sprintf("%s %d octets %s", text, o[0], o[1])
	case "RF", "TF":
		o := v[0].([]any)
		class, text = "in", "received"
		mask := v[len(v)-1]
		if w.kind == "TF" {
			class, text, mask = "out", "sent", v[4]
		}
		op := v[1].(byte)
		text += " frame " + opcodeNames[op] + fmt.Sprintf("(%d) fin=%t rsv=%d", op, v[2], v[3])
		if mask != nil {
			text += fmt.Sprintf(" mask=%s", mask)
		}
		return class, text + fmt.Sprintf(" length=%d %q", o[0], o[1])
	}
	texts := map[string]string{
		"CT": "wait %v s, %v", "CTE": "waited, %v", "KL": "fail the connection in %v s", "KLE": "failing the connection",
		"TI": "close in %v s", "TIE": "closing", "WLM": "log on: %v",
	}
	return "time", strings.TrimSuffix(fmt.Sprintf(texts[w.kind], v...), ", <nil>")
}
