// SPDX-License-Identifier: GPL-2.0-only
//
// What 'ctxlab sched' has coroutines do, by Go's scheduler: for scripts/bench-sched.
//
//	scheduler yield|channel|create|pipe|park N
//
// prints the CPU time of an operation in nanoseconds, of N of them.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
)

// Nanoseconds of CPU time of all threads.
func used() int64 {
	var u syscall.Rusage

	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u.Utime.Nano() + u.Stime.Nano()
}

// Both of two that take turns.
func pair(one, other func()) {
	var both sync.WaitGroup

	both.Add(2)
	go func() {
		defer both.Done()
		one()
	}()
	go func() {
		defer both.Done()
		other()
	}()
	both.Wait()
}

func yield(n int) {
	half := func() {
		for i := 0; i < n/2; i++ {
			runtime.Gosched()
		}
	}
	pair(half, half)
}

func channel(n int) {
	c := make(chan int)

	pair(func() {
		for i := 0; i < n; i++ {
			c <- i
		}
	}, func() {
		for i := 0; i < n; i++ {
			<-c
		}
	})
}

func create(n int) {
	var all sync.WaitGroup

	for i := 0; i < n; i += 2 {
		all.Add(2)
		go all.Done()
		go all.Done()
		all.Wait()
	}
}

func pipe(n int) {
	in, there, err := os.Pipe()
	back, out, err2 := os.Pipe()
	if err != nil || err2 != nil {
		fmt.Fprintln(os.Stderr, "no pipe")
		os.Exit(1)
	}
	pair(func() {
		byte := make([]byte, 1)
		for i := 0; i < n; i++ {
			there.Write(byte)
			back.Read(byte)
		}
	}, func() {
		byte := make([]byte, 1)
		for i := 0; i < n; i++ {
			in.Read(byte)
			out.Write(byte)
		}
	})
}

// All wait at the same time.
func park(n int) {
	var there, all sync.WaitGroup
	gate := make(chan struct{})

	there.Add(n)
	all.Add(n)
	for i := 0; i < n; i++ {
		go func() {
			there.Done()
			<-gate
			all.Done()
		}()
	}
	there.Wait()
	close(gate)
	all.Wait()
}

func main() {
	loads := map[string]func(int){
		"yield": yield, "channel": channel, "create": create, "pipe": pipe,
		"park": park,
	}
	if len(os.Args) != 3 || loads[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: scheduler yield|channel|create|pipe|park N")
		os.Exit(2)
	}
	n, err := strconv.Atoi(os.Args[2])
	if err != nil || n < 2 {
		fmt.Fprintln(os.Stderr, "N is a number from 2 on")
		os.Exit(2)
	}
	runtime.GOMAXPROCS(1)
	// Once before, of park as many: later ones find stacks.
	if os.Args[1] == "park" {
		loads["park"](n)
	} else {
		loads[os.Args[1]](n / 10)
	}
	start := used()
	loads[os.Args[1]](n)
	fmt.Printf("%.1f\n", float64(used()-start)/float64(n))
}
