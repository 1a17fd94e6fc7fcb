package shop

import com.sun.net.httpserver.HttpServer
import java.net.InetSocketAddress

/** Answers every request with what the shop has. */
fun main() {
    val port = System.getenv("PORT")?.toInt() ?: 8080
    val server = HttpServer.create(InetSocketAddress(port), 0)
    server.createContext("/") { exchange ->
        val body = """{"casks":3}""".toByteArray()
        exchange.responseHeaders.set("Content-Type", "application/json")
        exchange.sendResponseHeaders(200, body.size.toLong())
        exchange.responseBody.use { it.write(body) }
    }
    server.start()
    Runtime.getRuntime().addShutdownHook(Thread { server.stop(0) })
    println("shop listens on $port")
}
