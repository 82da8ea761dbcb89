// SPDX-License-Identifier: GPL-2.0-only
//
// What server.c does, by Go's net package and step by step the same, or by its
// net/http: for scripts/bench-sched.
//
//	server net|http
//
// prints the port, and serves on two Ps until it is killed.
package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"time"
)

const room = 8192
const limit = 10 * time.Second

var hello = []byte("hello\n")
var newline = []byte("\r\n")
var empty = []byte("\r\n\r\n")
var version = []byte(" HTTP/1.1")

// The value of a line of the head, if it is name's.
func valueOf(line []byte, name string) []byte {
	n := len(name)
	if len(line) <= n || line[n] != ':' ||
		!bytes.EqualFold(line[:n], []byte(name)) {
		return nil
	}
	return bytes.TrimLeft(line[n+1:], " \t")
}

// The length of the body, and whether the client wants no other answer.
func readHead(head []byte) (body int, last, ok bool) {
	end := bytes.Index(head, newline)
	if end < 0 {
		return 0, !bytes.Contains(head, version), true
	}
	last = !bytes.Contains(head[:end], version)
	for end >= 0 {
		head = head[end+2:]
		line := head
		end = bytes.Index(head, newline)
		if end >= 0 {
			line = head[:end]
		}
		if v := valueOf(line, "Content-Length"); v != nil {
			body, _ = strconv.Atoi(string(v))
		}
		if valueOf(line, "Transfer-Encoding") != nil ||
			body < 0 || body > room {
			return 0, true, false
		}
		v := valueOf(line, "Connection")
		if len(v) >= 5 && bytes.EqualFold(v[:5], []byte("close")) {
			last = true
		}
	}
	return body, last, true
}

func serve(c net.Conn) {
	data := make([]byte, room)
	out := make([]byte, 0, 2*room)
	have := 0
	more := func() bool {
		n, err := c.Read(data[have:])
		have += n
		return err == nil
	}

	defer c.Close()
	for last := false; !last; {
		var body, end int
		var ok bool

		c.SetDeadline(time.Now().Add(limit))
		for {
			end = bytes.Index(data[:have], empty)
			if end >= 0 {
				break
			}
			if !more() {
				return
			}
		}
		body, last, ok = readHead(data[:end])
		if !ok {
			return
		}
		for have < end+4+body {
			if !more() {
				return
			}
		}
		text := hello
		if body > 0 {
			text = data[end+4 : end+4+body]
		}
		out = append(out[:0], "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "...)
		out = strconv.AppendInt(out, int64(len(text)), 10)
		out = append(out, "\r\n\r\n"...)
		out = append(out, text...)
		if _, err := c.Write(out); err != nil {
			return
		}
		have = copy(data, data[end+4+body:have])
	}
}

func main() {
	if len(os.Args) != 2 || os.Args[1] != "net" && os.Args[1] != "http" {
		fmt.Fprintln(os.Stderr, "usage: server net|http")
		os.Exit(2)
	}
	runtime.GOMAXPROCS(2)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
	fmt.Println(l.Addr().(*net.TCPAddr).Port)
	if os.Args[1] == "http" {
		http.Serve(l, http.HandlerFunc(
			func(w http.ResponseWriter, r *http.Request) {
				if r.ContentLength > 0 {
					io.Copy(w, r.Body)
				} else {
					w.Write(hello)
				}
			}))
		return
	}
	for {
		c, err := l.Accept()
		if err != nil {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		go serve(c)
	}
}
