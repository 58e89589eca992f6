// A token bucket of golang.org/x/time/rate in front of a handler, as its users write it: time-rate BURST.
package main

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"golang.org/x/time/rate"
)

func main() {
	burst, _ := strconv.Atoi(os.Args[1])
	limiter := rate.NewLimiter(10, burst)
	log, err := os.OpenFile(os.Getenv("ACCESS_LOG"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		panic(err)
	}
	http.HandleFunc("/__ready", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		came, status, job := time.Now(), http.StatusOK, "-"
		if !limiter.Allow() {
			status = http.StatusTooManyRequests
		}
		if id := r.Header.Get("X-Job-Id"); id != "" {
			job = id
		}
		w.WriteHeader(status)
		fmt.Fprintf(log, "%.3f %d %s\n", float64(came.UnixMicro())/1000, status, job)
	})
	panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
