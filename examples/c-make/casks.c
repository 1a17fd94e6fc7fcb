/* Answers every request on $PORT with the number of casks. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char ANSWER[] = "HTTP/1.1 200 OK\r\n"
                             "Content-Type: application/json\r\n"
                             "Content-Length: 11\r\n"
                             "Connection: close\r\n\r\n"
                             "{\"casks\":3}";

int main(void) {
  const char *port = getenv("PORT");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port ? atoi(port) : 8080)};
  int server = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  signal(SIGPIPE, SIG_IGN);
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(server, (struct sockaddr *)&address, sizeof address) || listen(server, 16)) {
    perror("casks");
    return 1;
  }
  for (;;) {
    char request[4096];
    int client = accept(server, NULL, NULL);
    if (client < 0) continue;
    if (read(client, request, sizeof request) > 0 && write(client, ANSWER, strlen(ANSWER)) < 0) perror("casks");
    close(client);
  }
}
