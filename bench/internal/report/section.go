package report

import (
	"fmt"
	"strings"
)

// ReplaceSection puts text between the markers of the section of that name in a Markdown document:
//
//	<!-- begin name: … -->
//	<!-- end name -->
func ReplaceSection(document, name, text string) (string, error) {
	begin := strings.Index(document, "<!-- begin "+name+":")
	end := strings.Index(document, "<!-- end "+name+" -->")
	if begin < 0 || end < begin {
		return "", fmt.Errorf("report: no section %q", name)
	}
	line := strings.IndexByte(document[begin:end], '\n')
	if line < 0 {
		return "", fmt.Errorf("report: section %q begins and ends on one line", name)
	}
	return document[:begin+line+1] + "\n" + strings.TrimSpace(text) + "\n\n" + document[end:], nil
}
