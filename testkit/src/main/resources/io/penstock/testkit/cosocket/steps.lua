-- Does the steps of a script, which it is given by the test over a control connection, and reports what came of each.
local steps = {}

local function hex(text)
    return (text:gsub(".", function(c) return string.format("%02x", c:byte()) end))
end

local function unhex(text)
    return (text:gsub("(%x%x)", function(pair) return string.char(tonumber(pair, 16)) end))
end

local function number(text)
    return text ~= "-" and tonumber(text) or nil
end

local function dial(control)
    local socket = ngx.socket.tcp()
    socket:settimeout(20000)
    assert(socket:connect("127.0.0.1", tonumber(control)))
    return socket
end

local function ask(run, verb, label)
    local control = dial(run.port)
    control:send(verb .. " " .. run.id .. " " .. label .. "\n")
    assert(control:receive())
    control:close()
end

-- The steps up to the one line "end".
local function read(control)
    local list = {}
    while true do
        local line = assert(control:receive())
        local words = {}
        for word in line:gmatch("%S+") do words[#words + 1] = word end
        if words[1] == "end" then return list end
        if words[2] == "spawn" then words.steps = read(control) end
        list[#list + 1] = words
    end
end

local does = {}

function does.connect(run, socket, host, port, pool, size, backlog)
    local options = {}
    if pool ~= "-" then options.pool = unhex(pool) end
    options.pool_size = number(size)
    options.backlog = number(backlog)
    if port == "-" then return socket:connect(unhex(host), options) end
    return socket:connect(unhex(host), tonumber(port), options)
end

function does.connected(run, socket, host, port)
    return socket:setpeername(unhex(host), tonumber(port))
end

function does.limits(run, socket, connect, send, read)
    if not socket.settimeouts then
        socket:settimeout(tonumber(read))
        return ""
    end
    socket:settimeouts(tonumber(connect), tonumber(send), tonumber(read))
    return ""
end

function does.send(run, socket, ...)
    local parts = {}
    for i = 1, select("#", ...) do parts[i] = unhex((select(i, ...)):sub(2)) end
    return socket:send(#parts == 1 and parts[1] or parts)
end

function does.flood(run, socket, size) return socket:send(("x"):rep(tonumber(size))) end
function does.line(run, socket) return socket:receive() end
function does.all(run, socket) return socket:receive("*a") end
function does.receive(run, socket, size) return socket:receive(tonumber(size)) end
function does.any(run, socket, max) return socket:receiveany(tonumber(max)) end

function does.gather(run, socket, size)
    local all, left = "", tonumber(size)
    while left > 0 do
        local some, err, partial = socket:receiveany(left)
        if not some then return nil, err, all .. (partial or "") end
        all, left = all .. some, left - #some
    end
    return all
end

does["until"] = function(run, socket, name, pattern, inclusive)
    local iterator, err = socket:receiveuntil(unhex(pattern:sub(2)), { inclusive = inclusive == "1" })
    if not iterator then return nil, err end
    run.iterators[name] = iterator
    return ""
end

function does.next(run, socket, name, size)
    local iterator = run.iterators[name]
    if size == "-" then return iterator() end
    return iterator(tonumber(size))
end

function does.close(run, socket) return socket:close() end
function does.reused(run, socket) return socket:getreusedtimes() end

function does.keep(run, socket, idle, size)
    if size ~= "-" then return socket:setkeepalive(tonumber(idle), tonumber(size)) end
    return socket:setkeepalive(tonumber(idle))
end

function does.request(run, socket, raw)
    local taken, err = ngx.req.socket(raw == "1" or nil)
    if not taken then return nil, err end
    return taken
end

function does.print(run, socket, text) return ngx.print(unhex(text:sub(2))) end

-- What a step answered, as a line.
local function answer(ok, value, err, partial)
    if not ok then return "misused " .. hex(tostring(value)) end
    if value ~= nil then return "done x" .. hex(tostring(value)) end
    if err == nil then return "over" end
    return "failed x" .. hex(tostring(err)) .. " x" .. hex(partial or "")
end

local function perform(run, list, current)
    for _, words in ipairs(list) do
        local id, verb = words[1], words[2]
        if verb == "use" then
            current = words[3]
        elseif verb == "spawn" then
            local name = words[3]
            run.threads[name] = ngx.thread.spawn(perform, run, words.steps, current)
        elseif verb == "join" then
            ngx.thread.wait(run.threads[words[3]])
        elseif verb == "kill" then
            ngx.thread.kill(run.threads[words[3]])
        elseif verb == "tell" or verb == "await" then
            ask(run, verb, words[3])
        elseif verb == "pause" then
            ngx.sleep(tonumber(words[3]) / 1000)
        else
            if verb == "connected" then run.sockets[current] = ngx.socket.udp() end
            if not run.sockets[current] and verb ~= "request" then run.sockets[current] = ngx.socket.tcp() end
            local results = { pcall(does[verb], run, run.sockets[current], unpack(words, 3)) }
            if verb == "request" and results[1] and results[2] then
                run.sockets[current] = results[2]
                results[2] = ""
            end
            run.control:send(id .. " " .. answer(unpack(results, 1, 4)) .. "\n")
        end
    end
end

function steps.run()
    local run = { id = ngx.var.arg_id, port = ngx.var.arg_control, sockets = {}, iterators = {}, threads = {} }
    run.control = dial(run.port)
    run.control:send("run " .. run.id .. "\n")
    local ok, problem = pcall(perform, run, read(run.control), "a")
    run.control:send(ok and "end\n" or "broken " .. hex(tostring(problem)) .. "\n")
end

return steps
