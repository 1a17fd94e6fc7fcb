// Answers with the number of casks.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	"example.com/cellar"
)

func main() {
	http.HandleFunc("/", func(answer http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(answer, "{\"casks\":%d}", cellar.Casks)
	})
	log.Fatal(http.ListenAndServe(":"+os.Getenv("PORT"), nil))
}
