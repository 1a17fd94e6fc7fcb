Gem::Specification.new do |spec|
  spec.name = "cellar"
  spec.version = "1.0.0"
  spec.summary = "What lies in the cellar"
  spec.authors = ["Cooper"]
  spec.files = ["lib/cellar.rb"]
end
