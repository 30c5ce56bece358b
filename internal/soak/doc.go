// Package soak has clients come and go in every way for as long as one likes, and finds what grows: `make soak`. It has only a
// test.
//
// Time is cut into rounds. In each, clients connect to servers of every kind, exchange messages whose every byte is compared,
// and end in one of the ways in which connections end. Behind each round all of it has ended, and what is left then has to be
// what was there before: goroutines, descriptors, and the heap, which holds all that pools have lent and did not get back.
package soak
