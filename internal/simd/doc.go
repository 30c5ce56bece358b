// Package simd holds the two loops that look at every byte of a payload, masking and UTF-8 validation, with the vector
// instructions of amd64 and arm64, and in portable Go for every other machine and for the build tag purego. It knows
// nothing of frames or messages, and imports nothing of ours.
package simd
