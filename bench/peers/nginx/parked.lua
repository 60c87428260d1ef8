-- Opens as many cosockets as the request says, each with a light thread that waits to receive; answers when all do.
local path = "unix:@SILENT@"
local wanted, open = tonumber(ngx.var.arg_n), 0
local function hold()
    local peer = ngx.socket.tcp()
    peer:settimeouts(600000, 600000, 600000)
    assert(peer:connect(path))
    open = open + 1
    peer:receive(1)
end
for i = 1, wanted do
    ngx.thread.spawn(hold)
    if i % 100 == 0 then ngx.sleep(0) end
end
while open < wanted do ngx.sleep(0.01) end
ngx.print(open, "\n")
ngx.flush(true)
