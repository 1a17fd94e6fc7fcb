# What lies in the cellar.
module Cellar
  def self.casks
    3
  end
end
