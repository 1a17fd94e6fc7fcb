module example.com/shop

go 1.26

require example.com/cellar v0.0.0
