-- Receives a stream in pieces of 64 KiB.
local origin = ngx.socket.tcp()
origin:settimeouts(5000, 5000, 5000)
assert(origin:connect("127.0.0.1", @ORIGIN@))
assert(origin:send("GET /stream HTTP/1.1\r\nHost: origin\r\n\r\n"))
assert(origin:receiveuntil("\r\n\r\n")())
local bytes = 0
for _ = 1, @PIECES@ do
    bytes = bytes + #assert(origin:receive(65536))
end
origin:setkeepalive(60000, 128)
ngx.print(bytes, "\n")
