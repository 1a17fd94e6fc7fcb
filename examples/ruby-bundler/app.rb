require "cellar"
require "socket"

$stdout.sync = true
server = TCPServer.new("0.0.0.0", Integer(ENV.fetch("PORT", "8080")))
puts "shop listens on #{server.addr[1]}"
trap("TERM") { exit }

loop do
  client = server.accept
  nil while (line = client.gets) && line != "\r\n"
  body = %({"casks":#{Cellar.casks}})
  client.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
  client.write("Content-Length: #{body.bytesize}\r\nConnection: close\r\n\r\n#{body}")
  client.close
rescue Errno::ECONNRESET, Errno::EPIPE
  client.close
end
