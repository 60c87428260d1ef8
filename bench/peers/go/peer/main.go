// The peer of the tunnel jobs: net/http's Hijack, and io.Copy in both directions, as its documentation has it.
package main

import (
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
)

const switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"

// Usage: peer ADDRESS TARGET
func main() {
	target := os.Args[2]
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			io.WriteString(w, "up\n")
			return
		}
		origin, err := net.Dial("tcp", target)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		client, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			origin.Close()
			return
		}
		io.WriteString(client, switching)
		if early := buffered.Reader.Buffered(); early > 0 {
			io.CopyN(origin, buffered, int64(early))
		}
		var both sync.WaitGroup
		both.Add(1)
		go func() {
			copyThenEnd(origin, client)
			both.Done()
		}()
		copyThenEnd(client, origin)
		both.Wait()
		client.Close()
		origin.Close()
	})
	log.Fatal(http.ListenAndServe(os.Args[1], nil))
}

func copyThenEnd(to, from net.Conn) {
	io.Copy(to, from)
	to.(*net.TCPConn).CloseWrite()
}
