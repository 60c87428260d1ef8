// Drives tunnels, being both of their ends: clients that upgrade, and the target that the server dials.
//
//	load target ADDRESS             answers what the first byte of a tunnel asks for
//	load MODE SERVER CONNECTIONS SECONDS
//	                                bulk, pingpong or upgrade for so long: prints one line of JSON, as wrk/report.lua does
//	load idle SERVER CONNECTIONS    opens so many tunnels, says "open", and keeps them until its input ends
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	request   = "GET /tunnel HTTP/1.1\r\nHost: tunnel\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
	switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
	bulk      = 'B' // the target sends until it cannot
	echo      = 'E' // the target sends back what comes, beginning with this
	message   = 64
	megabyte  = 1000 * 1000
)

func main() {
	var files syscall.Rlimit
	syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files)
	files.Cur = files.Max
	syscall.Setrlimit(syscall.RLIMIT_NOFILE, &files)
	if os.Args[1] == "target" {
		target(os.Args[2])
		return
	}
	server := os.Args[2]
	connections, _ := strconv.Atoi(os.Args[3])
	if os.Args[1] == "idle" {
		idle(server, connections)
		return
	}
	seconds, _ := strconv.Atoi(os.Args[4])
	run := map[string]func(string, func() bool, func(time.Duration)) (uint64, error){
		"bulk": receive, "pingpong": pingPong, "upgrade": upgrade}[os.Args[1]]
	measure(server, connections, time.Duration(seconds)*time.Second, run)
}

// ---- the far end

func target(address string) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(connection.(*net.TCPConn))
	}
}

// A proxy passes the request on, everybody else has answered it.
func serve(connection *net.TCPConn) {
	defer connection.Close()
	first := make([]byte, 1)
	if _, err := io.ReadFull(connection, first); err != nil {
		return
	}
	if first[0] == 'G' {
		reader := bufio.NewReader(io.MultiReader(bytes.NewReader(first), connection))
		asked, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		if asked.Header.Get("Upgrade") == "" {
			io.WriteString(connection, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nup\n")
			return
		}
		io.WriteString(connection, switching)
		if _, err := io.ReadFull(reader, first); err != nil {
			return
		}
	}
	if first[0] == bulk {
		block := make([]byte, 256*1024)
		for {
			if _, err := connection.Write(block); err != nil {
				return
			}
		}
	}
	if _, err := connection.Write(first); err != nil {
		return
	}
	buffer := make([]byte, message)
	for {
		count, err := connection.Read(buffer)
		if count > 0 {
			if _, err := connection.Write(buffer[:count]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// ---- the clients

// A tunnel, once the server has switched and the target has been told what it is for.
func open(server string, purpose byte) (*net.TCPConn, error) {
	connection, err := net.Dial("tcp", server)
	if err != nil {
		return nil, err
	}
	tunnel := connection.(*net.TCPConn)
	if _, err = io.WriteString(tunnel, request); err == nil {
		err = expectSwitching(tunnel)
	}
	if err == nil {
		_, err = tunnel.Write([]byte{purpose})
	}
	if err != nil {
		tunnel.Close()
		return nil, err
	}
	return tunnel, nil
}

// Nothing can be behind the head: the target speaks when it is spoken to.
func expectSwitching(tunnel *net.TCPConn) error {
	head := make([]byte, 0, 512)
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		count, err := tunnel.Read(head[len(head):cap(head)])
		if err != nil {
			return err
		}
		head = head[:len(head)+count]
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 101 ")) {
		return fmt.Errorf("no tunnel: %q", head)
	}
	return nil
}

// Counts megabytes.
func receive(server string, goOn func() bool, took func(time.Duration)) (uint64, error) {
	tunnel, err := open(server, bulk)
	if err != nil {
		return 0, err
	}
	defer tunnel.SetLinger(0) // the target would go on for a while
	defer tunnel.Close()
	block := make([]byte, 256*1024)
	var bytes uint64
	for goOn() {
		count, err := tunnel.Read(block)
		bytes += uint64(count)
		if err != nil {
			return bytes, err
		}
	}
	return bytes, nil
}

// Counts round trips.
func pingPong(server string, goOn func() bool, took func(time.Duration)) (uint64, error) {
	tunnel, err := open(server, echo)
	if err != nil {
		return 0, err
	}
	defer tunnel.Close()
	ball := make([]byte, message)
	if _, err := io.ReadFull(tunnel, ball[:1]); err != nil {
		return 0, err
	}
	var trips uint64
	for goOn() {
		began := time.Now()
		if _, err := tunnel.Write(ball); err != nil {
			return trips, err
		}
		if _, err := io.ReadFull(tunnel, ball); err != nil {
			return trips, err
		}
		took(time.Since(began))
		trips++
	}
	return trips, nil
}

// Counts tunnels, each of which has carried a byte there and back and was ended in order by both sides.
func upgrade(server string, goOn func() bool, took func(time.Duration)) (uint64, error) {
	var tunnels uint64
	for goOn() {
		began := time.Now()
		tunnel, err := open(server, echo)
		if err != nil {
			return tunnels, err
		}
		ball := make([]byte, 1)
		if _, err = io.ReadFull(tunnel, ball); err == nil && ball[0] != echo {
			err = fmt.Errorf("%q came back", ball)
		}
		if err == nil {
			err = tunnel.CloseWrite()
		}
		if err == nil {
			if _, err = tunnel.Read(ball); err == io.EOF {
				err = nil
			} else if err == nil {
				err = fmt.Errorf("%q instead of the end", ball)
			}
		}
		tunnel.Close()
		if err != nil {
			return tunnels, err
		}
		took(time.Since(began))
		tunnels++
	}
	return tunnels, nil
}

func measure(server string, connections int, length time.Duration,
	run func(string, func() bool, func(time.Duration)) (uint64, error)) {
	var over atomic.Bool
	var total, failures atomic.Uint64
	var both sync.WaitGroup
	times := make([][]time.Duration, connections)
	began := time.Now()
	for i := 0; i < connections; i++ {
		both.Add(1)
		go func(i int) {
			defer both.Done()
			count, err := run(server, func() bool { return !over.Load() }, func(each time.Duration) {
				times[i] = append(times[i], each)
			})
			total.Add(count)
			if err != nil && !(over.Load() && os.Args[1] == "bulk") {
				fmt.Fprintln(os.Stderr, err)
				failures.Add(1)
			}
		}(i)
	}
	time.Sleep(length)
	over.Store(true)
	both.Wait()
	took := time.Since(began)
	var all []time.Duration
	for _, some := range times {
		all = append(all, some...)
	}
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	at := func(share float64) float64 {
		if len(all) == 0 {
			return 0
		}
		return float64(all[int(share*float64(len(all)-1))].Nanoseconds()) / 1e3
	}
	operations, received := float64(total.Load()), uint64(0)
	if os.Args[1] == "bulk" {
		received = total.Load()
		operations /= megabyte
	}
	fmt.Printf(`{"requests":%.3f,"micros":%d,"bytes":%d,"p50":%.1f,"p99":%.1f,"errors":{"tunnel":%d}}`+"\n",
		operations, took.Microseconds(), received, at(0.5), at(0.99), failures.Load())
}

// ---- many that do nothing

func idle(server string, count int) {
	tunnels := make([]*net.TCPConn, count)
	gate := make(chan int)
	var all sync.WaitGroup
	for worker := 0; worker < 16; worker++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for i := range gate {
				tunnel, err := open(server, echo)
				if err == nil {
					_, err = io.ReadFull(tunnel, make([]byte, 1))
				}
				if err != nil {
					log.Fatal(err)
				}
				tunnels[i] = tunnel
			}
		}()
	}
	for i := range tunnels {
		gate <- i
	}
	close(gate)
	all.Wait()
	fmt.Println("open")
	io.Copy(io.Discard, os.Stdin)
	for _, tunnel := range tunnels {
		tunnel.Close()
	}
}
