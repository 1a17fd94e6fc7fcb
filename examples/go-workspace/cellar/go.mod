module example.com/cellar

go 1.26
