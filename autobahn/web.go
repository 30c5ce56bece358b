package autobahn

// This file is what a fuzzing server has for browsers: a page that makes a browser the client under test, and the reports.

import (
	"bytes"
	"html/template"
	"net/http"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// ReportsPath is where WebHandler has the reports of clients: where the original has them, whatever their folder.
const ReportsPath = "/cwd/reports/clients/"

// WebHandler serves a page from which a browser plays the cases of the fuzzing server at the given port of the same host,
// and the reports in dir under ReportsPath, or nothing there if dir is "". With ?run the page begins by itself; agent=A
// names the browser in the reports and stop ends the fuzzing server behind the last case.
func WebHandler(port int, secure bool, dir string) http.Handler {
	mux := http.NewServeMux()
	var page bytes.Buffer
	scheme := "ws:"
	if secure {
		scheme = "wss:"
	}
	reports := ""
	if dir != "" {
		reports = ReportsPath
		files := http.FileServer(http.Dir(dir))
		mux.Handle(ReportsPath, http.StripPrefix(ReportsPath, files))
		// The original serves its working directory, of which this is the part that matters.
		if own := path.Join("/cwd", filepath.ToSlash(dir)) + "/"; filepath.IsLocal(dir) && !strings.ContainsAny(own, "{}") && own != ReportsPath && own != "/cwd/" {
			mux.Handle(own, http.StripPrefix(own, files))
		}
	}
	err := pages.ExecuteTemplate(&page, "browser.html", struct {
		Style                 template.CSS
		Scheme, Port, Reports string
	}{style(), scheme, strconv.Itoa(port), reports})
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(page.Bytes())
	})
	return mux
}
