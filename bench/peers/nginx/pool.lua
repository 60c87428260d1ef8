-- Takes a connection out of the pool and gives it back, @OPERATIONS@ times, without using it.
for _ = 1, @OPERATIONS@ do
    local peer = ngx.socket.tcp()
    assert(peer:connect("127.0.0.1", @REDIS@))
    assert(peer:setkeepalive(60000, 128))
end
ngx.print("done\n")
