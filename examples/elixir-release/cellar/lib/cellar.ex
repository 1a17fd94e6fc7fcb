defmodule Cellar do
  @moduledoc "What lies in the cellar."
  def casks, do: 3
end
