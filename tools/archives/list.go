package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"time"
)

// The parts of an SPDX 2.3 document that a list of modules needs.
type (
	document struct {
		Version   string         `json:"spdxVersion"`
		License   string         `json:"dataLicense"`
		ID        string         `json:"SPDXID"`
		Name      string         `json:"name"`
		Namespace string         `json:"documentNamespace"`
		Creation  creation       `json:"creationInfo"`
		Packages  []module       `json:"packages"`
		Relations []relationship `json:"relationships"`
	}
	creation struct {
		Created  string   `json:"created"`
		Creators []string `json:"creators"`
	}
	module struct {
		ID        string      `json:"SPDXID"`
		Name      string      `json:"name"`
		Version   string      `json:"versionInfo"`
		Location  string      `json:"downloadLocation"`
		Analyzed  bool        `json:"filesAnalyzed"`
		Comment   string      `json:"comment,omitempty"`
		Checksums []checksum  `json:"checksums,omitempty"`
		Refs      []reference `json:"externalRefs,omitempty"`
	}
	checksum struct {
		Algorithm string `json:"algorithm"`
		Value     string `json:"checksumValue"`
	}
	reference struct {
		Category string `json:"referenceCategory"`
		Type     string `json:"referenceType"`
		Locator  string `json:"referenceLocator"`
	}
	relationship struct {
		Element string `json:"spdxElementId"`
		Type    string `json:"relationshipType"`
		Related string `json:"relatedSpdxElement"`
	}
)

// repository is where everything of ours stands.
const repository = "https://github.com/seed-d69ae1b7/websocket"

// list returns the SPDX document about a binary: what the go command has noted in it of the modules that it is built from.
func (c commit) list(name, path string, data []byte) ([]byte, error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return nil, err
	}
	d := document{
		Version: "SPDX-2.3", License: "CC0-1.0", ID: "SPDXRef-DOCUMENT", Name: name,
		Namespace: repository + "/spdx/" + name + "-" + c.hash,
		Creation:  creation{c.at.Format(time.RFC3339), []string{"Tool: " + repository + "/tools/archives"}},
		Packages: []module{{
			ID: "SPDXRef-ws", Name: info.Path, Version: c.version, Location: "git+" + repository + "@" + c.hash,
			Checksums: []checksum{{"SHA256", fmt.Sprintf("%x", sha256.Sum256(data))}},
		}},
		Relations: []relationship{{"SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-ws"}},
	}
	d.add(module{Name: "stdlib", Version: info.GoVersion, Location: "https://go.dev/dl/"}, "pkg:golang/stdlib@"+info.GoVersion[len("go"):])
	for _, dep := range info.Deps {
		if dep.Replace == nil { // the library itself stands beside the tool, at the same commit
			d.add(c.dependency(dep))
		}
	}
	b, err := json.MarshalIndent(d, "", "\t")
	return append(b, '\n'), err
}

// dependency returns a module as the document has it, and its URL as a package.
func (c commit) dependency(dep *debug.Module) (module, string) {
	return module{
		Name: dep.Path, Version: dep.Version, Location: "https://proxy.golang.org/" + dep.Path + "/@v/" + dep.Version + ".zip",
		Comment: "go.sum: " + dep.Sum,
	}, "pkg:golang/" + dep.Path + "@" + dep.Version
}

// add adds a module that the tool is built from.
func (d *document) add(m module, url string) {
	m.ID = fmt.Sprintf("SPDXRef-module-%d", len(d.Packages))
	m.Refs = []reference{{"PACKAGE-MANAGER", "purl", url}}
	d.Packages = append(d.Packages, m)
	d.Relations = append(d.Relations, relationship{"SPDXRef-ws", "CONTAINS", m.ID})
}
