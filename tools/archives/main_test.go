package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

var (
	someFiles = []file{{"ws", []byte("program"), 0o755}, {"LICENSE", []byte("text"), 0o644}}
	someTime  = time.Date(2026, 11, 29, 18, 0, 0, 0, time.UTC)
)

// TestPack protects that archives hold what was given, executable where it is to be, and that the same files make the same
// bytes at any time.
func TestPack(t *testing.T) {
	for name, test := range map[string]struct {
		pack func([]file, time.Time) ([]byte, error)
		read func(*testing.T, []byte) []file
	}{"tar": {packTar, readTar}, "zip": {packZip, readZip}} {
		t.Run(name, func(t *testing.T) {
			first, err := test.pack(someFiles, someTime)
			if err != nil {
				t.Fatal(err)
			}
			second, err := test.pack(someFiles, someTime.In(time.FixedZone("elsewhere", 3600)))
			if err != nil || !bytes.Equal(first, second) {
				t.Errorf("the same files became other bytes, %v", err)
			}
			got := test.read(t, first)
			if len(got) != len(someFiles) {
				t.Fatalf("%d files, want %d", len(got), len(someFiles))
			}
			for i, f := range got {
				if want := someFiles[i]; f.name != want.name || !bytes.Equal(f.data, want.data) || f.mode != want.mode {
					t.Errorf("file %q %q %v, want %q %q %v", f.name, f.data, f.mode, want.name, want.data, want.mode)
				}
			}
		})
	}
}

func readTar(t *testing.T, b []byte) (files []file) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil || !h.ModTime.Equal(someTime) || h.Uid != 0 || h.Uname != "" {
			t.Errorf("%+v, %v", h, err)
		}
		files = append(files, file{h.Name, data, h.FileInfo().Mode()})
	}
}

func readZip(t *testing.T, b []byte) (files []file) {
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(in)
		if err != nil || !f.Modified.Equal(someTime) {
			t.Errorf("%+v, %v", f.FileHeader, err)
		}
		files = append(files, file{f.Name, data, f.Mode()})
	}
	return files
}

// TestList protects that the list names the toolchain and each module that a binary is built from, of which this test is one,
// and that everything in it is related to the tool.
func TestList(t *testing.T) {
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := commit{hash: "abc", version: "v1.2.3", at: someTime}
	b, err := c.list("ws_v1.2.3_here", binary, []byte("program"))
	if err != nil {
		t.Fatal(err)
	}
	var d document
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	if d.Creation.Created != "2026-11-29T18:00:00Z" || !strings.HasSuffix(d.Namespace, "-abc") {
		t.Errorf("made at %s, as %s", d.Creation.Created, d.Namespace)
	}
	if len(d.Packages) < 2 || d.Packages[1].Name != "stdlib" || !strings.HasPrefix(d.Packages[1].Version, "go1.") {
		t.Errorf("packages are %+v", d.Packages)
	}
	if len(d.Relations) != len(d.Packages) {
		t.Errorf("%d packages and %d relations", len(d.Packages), len(d.Relations))
	}
}
