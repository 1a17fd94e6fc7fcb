defmodule Shop.MixProject do
  use Mix.Project

  def project do
    [app: :shop, version: "1.0.0", elixir: "~> 1.14", deps: [{:cellar, path: "cellar"}]]
  end

  def application do
    [extra_applications: [:logger], mod: {Shop, []}]
  end
end
