// Command archives builds the tool ws for six platforms out of the commit that is checked out, and leaves archives, a list of
// what is in each (SPDX 2.3) and their checksums in a folder. The same commit and the same version of Go make the same bytes,
// wherever and by whomever they are made: -check makes them again, with another folder and an empty build cache, and compares.
//
//	cd tools && GOWORK=off go run ./archives -out ../out/archives
//
// Files are as old as the commit is, and nothing else of the machine goes into them. What is not committed is left out.
package main

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// platforms are those that the archives are for.
var platforms = []platform{
	{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}, {"windows", "amd64"}, {"freebsd", "amd64"},
}

// platform is an operating system and an architecture, by their Go names.
type platform struct{ os, arch string }

func (p platform) String() string { return p.os + "_" + p.arch }

// program is the name of the tool's file.
func (p platform) program() string {
	if p.os == "windows" {
		return "ws.exe"
	}
	return "ws"
}

var (
	out   = flag.String("out", "out", "the folder for the archives; it is made anew")
	check = flag.Bool("check", false, "make them twice and compare")
)

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "archives:", err)
		os.Exit(1)
	}
}

func run() error {
	c, err := head()
	if err != nil {
		return err
	}
	sums, err := c.make(*out, os.Environ())
	if err != nil {
		return err
	}
	fmt.Printf("%s", sums)
	if !*check {
		return nil
	}
	again, err := os.MkdirTemp("", "archives")
	if err != nil {
		return err
	}
	defer os.RemoveAll(again)
	second, err := c.make(filepath.Join(again, "out"), append(os.Environ(), "GOCACHE="+filepath.Join(again, "cache")))
	if err != nil {
		return err
	}
	if !bytes.Equal(sums, second) {
		return fmt.Errorf("the second time they are others:\n%s", second)
	}
	fmt.Println("the second time they are the same")
	return nil
}

// commit is what is built.
type commit struct {
	hash, version string
	at            time.Time
}

// head returns the commit that is checked out.
func head() (commit, error) {
	hash, err := output(exec.Command("git", "rev-parse", "HEAD"))
	if err != nil {
		return commit{}, err
	}
	version, err := output(exec.Command("git", "describe", "--tags", "--always", "--match", "v*"))
	if err != nil {
		return commit{}, err
	}
	at, err := output(exec.Command("git", "show", "-s", "--format=%cI"))
	if err != nil {
		return commit{}, err
	}
	t, err := time.Parse(time.RFC3339, at)
	return commit{hash, version, t.UTC()}, err
}

// make fills the folder out, and returns the checksums of what is in it.
func (c commit) make(out string, env []string) (sums []byte, err error) {
	tree, err := os.MkdirTemp("", "tree")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tree)
	if _, err := output(exec.Command("git", "worktree", "add", "--detach", "--force", tree, c.hash)); err != nil {
		return nil, err
	}
	defer exec.Command("git", "worktree", "remove", "--force", tree).Run()
	if err := os.RemoveAll(out); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, p := range platforms {
		files, err := c.archive(p, tree, env)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if err := os.WriteFile(filepath.Join(out, f.name), f.data, 0o666); err != nil {
				return nil, err
			}
			fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(f.data), f.name)
		}
	}
	return b.Bytes(), os.WriteFile(filepath.Join(out, "SHA256SUMS"), b.Bytes(), 0o666)
}

// archive builds the tool for p, and returns its archive and the list of what is in it.
func (c commit) archive(p platform, tree string, env []string) ([]file, error) {
	binary := filepath.Join(tree, "bin", p.program())
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=true", "-ldflags=-s -w", "-o", binary, "./ws")
	cmd.Dir = filepath.Join(tree, "cmd")
	cmd.Env = append(env, "GOWORK=off", "GOFLAGS=", "CGO_ENABLED=0", "GOOS="+p.os, "GOARCH="+p.arch)
	if _, err := output(cmd); err != nil {
		return nil, fmt.Errorf("%v: %w", p, err)
	}
	name := "ws_" + c.version + "_" + p.String()
	files := []file{{p.program(), nil, 0o755}, {"LICENSE", nil, 0o644}}
	var err error
	if files[0].data, err = os.ReadFile(binary); err != nil {
		return nil, err
	}
	if files[1].data, err = os.ReadFile(filepath.Join(tree, "LICENSE")); err != nil {
		return nil, err
	}
	list, err := c.list(name, binary, files[0].data)
	if err != nil {
		return nil, err
	}
	pack, ending := packTar, ".tar.gz"
	if p.os == "windows" {
		pack, ending = packZip, ".zip"
	}
	packed, err := pack(files, c.at)
	return []file{{name + ending, packed, 0o644}, {name + ".spdx.json", list, 0o644}}, err
}

// output runs a command and returns what it prints, without the end of the last line.
func output(cmd *exec.Cmd) (string, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	b, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, stderr.Bytes())
	}
	return strings.TrimSpace(string(b)), nil
}
