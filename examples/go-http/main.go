// Counts casks, on a page that is in the program.
package main

import (
	"embed"
	"html/template"
	"log"
	"net/http"
	"os"
)

//go:embed templates
var files embed.FS

func main() {
	page := template.Must(template.ParseFS(files, "templates/*.html"))
	http.HandleFunc("/", func(answer http.ResponseWriter, _ *http.Request) {
		if err := page.Execute(answer, 3); err != nil {
			log.Print(err)
		}
	})
	log.Fatal(http.ListenAndServe(":"+os.Getenv("PORT"), nil))
}
