// Package features looks whether what README.md says of this library and of others is true: its tests ask each of them, set up by
// its defaults, over the wire where that is possible. It has only tests.
package features
