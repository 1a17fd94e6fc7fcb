defmodule Cellar.MixProject do
  use Mix.Project

  def project do
    [app: :cellar, version: "1.0.0", deps: []]
  end
end
