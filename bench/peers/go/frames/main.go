// The far end of the frame jobs, the same for every client that is measured.
//
//	frames echo PORT     sends back what comes
//	frames flood PORT    sends frames of 64 bytes as fast as they are taken
//	frames slow PORT     sends frames of 20 bytes, 10 MB each second, each millisecond what is due by then
//	frames drops PORT    the same, each frame by a system call of its own
//
// It listens on 127.0.0.1 to 127.0.0.16.
package main

import (
	"encoding/binary"
	"fmt"
	"log"
	"net"
	"os"
	"time"
)

const (
	frame     = 64
	small     = 20
	addresses = 16
	second    = 10 * 1000 * 1000 // bytes
)

func main() {
	serve := map[string]func(net.Conn){
		"echo": echo, "flood": flood, "slow": slow(0), "drops": slow(small)}[os.Args[1]]
	for i := addresses; i > 1; i-- {
		go accept(i, serve)
	}
	accept(1, serve)
}

func accept(address int, serve func(net.Conn)) {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.%d:%s", address, os.Args[2]))
	if err != nil {
		log.Fatal(err)
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go func() {
			defer connection.Close()
			serve(connection)
		}()
	}
}

func echo(connection net.Conn) {
	buffer := make([]byte, 64*1024)
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

// A block of frames: the length of what follows in 4 bytes, the frame's number within the block in 8, and zeros.
func frames(size, count int) []byte {
	block := make([]byte, size*count)
	for i := 0; i < count; i++ {
		binary.BigEndian.PutUint32(block[i*size:], uint32(size-4))
		binary.BigEndian.PutUint64(block[i*size+4:], uint64(i))
	}
	return block
}

func flood(connection net.Conn) {
	block := frames(frame, 1024)
	for {
		if _, err := connection.Write(block); err != nil {
			return
		}
	}
}

// Writes at most so much at once; 0 for whatever is due.
func slow(most int) func(net.Conn) {
	return func(connection net.Conn) {
		block := frames(small, 1024)
		began, sent := time.Now(), 0
		for {
			due := int(time.Since(began).Seconds() * second)
			for due -= due % small; sent < due; {
				at := sent % len(block)
				count := due - sent
				if most > 0 && count > most {
					count = most
				}
				if count > len(block)-at {
					count = len(block) - at
				}
				if _, err := connection.Write(block[at : at+count]); err != nil {
					return
				}
				sent += count
			}
			time.Sleep(time.Millisecond)
		}
	}
}
