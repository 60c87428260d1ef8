-- Asks Redis through a pooled cosocket, the exchange a Redis client makes for GET.
local redis = ngx.socket.tcp()
redis:settimeouts(1000, 1000, 1000)
local ok, err = redis:connect("127.0.0.1", @REDIS@)
if not ok then
    ngx.log(ngx.ERR, "connect: ", err)
    return ngx.exit(502)
end
local sent, err = redis:send("*2\r\n$3\r\nGET\r\n$8\r\ngreeting\r\n")
if not sent then
    ngx.log(ngx.ERR, "send: ", err)
    return ngx.exit(502)
end
local head, err = redis:receive()
if not head or string.byte(head) ~= 36 then
    ngx.log(ngx.ERR, "reply: ", head or err)
    return ngx.exit(502)
end
local value, err = redis:receive(tonumber(string.sub(head, 2)))
local tail, err = redis:receive(2)
if not value or not tail then
    ngx.log(ngx.ERR, "value: ", err)
    return ngx.exit(502)
end
redis:setkeepalive(60000, 128)
ngx.print(value)
