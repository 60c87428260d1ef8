-- Asks an HTTP server through a pooled cosocket and answers with what it said.
local origin = ngx.socket.tcp()
origin:settimeouts(1000, 1000, 1000)
assert(origin:connect("127.0.0.1", @ORIGIN@))
assert(origin:send("GET / HTTP/1.1\r\nHost: origin\r\n\r\n"))
assert(origin:receiveuntil("\r\n\r\n")())
local body = assert(origin:receive(12))
origin:setkeepalive(60000, 128)
ngx.print(body)
