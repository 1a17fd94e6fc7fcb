#!/bin/bash
# Reads a request to its empty line and answers with what the shop has.
while IFS= read -r line && [ "$line" != $'\r' ]; do :; done

body='{"casks":3}'
printf 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' \
  "${#body}" "$body"
