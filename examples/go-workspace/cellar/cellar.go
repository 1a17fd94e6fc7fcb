// Package cellar knows how many casks there are.
package cellar

// Casks is how many there are.
const Casks = 3
