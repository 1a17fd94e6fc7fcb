#!/bin/bash
# Hands every connection to a program of its own.
set -euo pipefail

exec socat "TCP-LISTEN:${PORT:-8080},fork,reuseaddr" EXEC:./answer.sh
