defmodule Shop do
  @moduledoc "Answers every request with what the shop has."
  use Application

  def start(_type, _arguments) do
    port = String.to_integer(System.get_env("PORT", "8080"))
    options = [:binary, packet: :http_bin, active: false, reuseaddr: true]
    {:ok, listener} = :gen_tcp.listen(port, options)
    IO.puts("shop listens on #{port}")
    Supervisor.start_link([{Task, fn -> accept(listener) end}], strategy: :one_for_one)
  end

  defp accept(listener) do
    {:ok, socket} = :gen_tcp.accept(listener)
    answer(socket)
    accept(listener)
  end

  defp answer(socket) do
    case :gen_tcp.recv(socket, 0) do
      {:ok, :http_eoh} ->
        body = ~s({"casks":#{Cellar.casks()}})

        :gen_tcp.send(socket, [
          "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n",
          "Content-Length: #{byte_size(body)}\r\n\r\n",
          body
        ])

        :gen_tcp.close(socket)

      {:ok, _line} ->
        answer(socket)

      {:error, _reason} ->
        :gen_tcp.close(socket)
    end
  end
end
