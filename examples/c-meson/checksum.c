/* Prints the checksum of each word. */
#include <stdio.h>
#include <string.h>
#include <zlib.h>

int main(int count, char **words) {
  for (int place = 1; place < count; place++)
    printf("%08lx\n", crc32(0, (const Bytef *)words[place], strlen(words[place])));
}
