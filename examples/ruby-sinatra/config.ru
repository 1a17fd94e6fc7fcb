require_relative "app"

run Casks
