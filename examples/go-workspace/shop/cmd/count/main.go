// Prints the number of casks.
package main

import (
	"fmt"

	"example.com/cellar"
)

func main() {
	fmt.Println(cellar.Casks)
}
