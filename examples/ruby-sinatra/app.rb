require "json"
require "sinatra/base"

class Casks < Sinatra::Base
  CASKS = { "firkin" => 41, "kilderkin" => 82, "barrel" => 164 }.freeze

  get "/" do
    content_type :json
    JSON.generate(casks: CASKS.size)
  end

  get "/casks/:name" do |name|
    content_type :json
    JSON.generate(name: name, litres: CASKS.fetch(name) { halt 404 })
  end
end
