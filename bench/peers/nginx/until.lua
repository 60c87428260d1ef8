-- Cuts a stream of parts at their boundary.
local origin = ngx.socket.tcp()
origin:settimeouts(5000, 5000, 5000)
assert(origin:connect("127.0.0.1", @ORIGIN@))
assert(origin:send("GET /stream HTTP/1.1\r\nHost: origin\r\n\r\n"))
assert(origin:receiveuntil("\r\n\r\n")())
local part = origin:receiveuntil("\r\n--penstock-boundary-7MA4YWxkTrZu0gW")
local bytes = 0
for _ = 1, @PARTS@ do
    bytes = bytes + #assert(part())
end
origin:setkeepalive(60000, 128)
ngx.print(bytes, "\n")
