-- A reply from a handler.
ngx.print("hello\n")
