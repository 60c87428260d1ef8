-- Five bytes to the peer and seven back, @OPERATIONS@ times, on one pooled cosocket.
local peer = ngx.socket.tcp()
peer:settimeouts(1000, 1000, 1000)
assert(peer:connect("127.0.0.1", @REDIS@))
for _ = 1, @OPERATIONS@ do
    assert(peer:send("PING\n"))
    local pong = assert(peer:receive(7))
    if pong ~= "+PONG\r\n" then error("not a pong: " .. pong) end
end
peer:setkeepalive(60000, 128)
ngx.print("done\n")
