// Renders charts with Helm's own packages, one request and one answer for each line.
//
// A request is {"files": {"templates/a.yaml": "…"}, "set": {"set": ["a=b"], "json": […], …}}; the
// answer {"out": {"chart/templates/a.yaml": "…"}} or {"error": "…"}. It is built inside of Helm's
// source tree, so that every dependency has the version of the release:
//
//	cp -r tests/differential/oracle HELM/cmd/ && cd HELM && go build -tags helm4 ./cmd/oracle
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
)

type request struct {
	Files map[string]string   `json:"files"`
	Set   map[string][]string `json:"set"`
}

type answer struct {
	Out   map[string]string `json:"out,omitempty"`
	Error string            `json:"error,omitempty"`
}

func answerTo(r request) (a answer) {
	defer func() {
		if p := recover(); p != nil {
			a = answer{Error: fmt.Sprintf("panic: %v", p)}
		}
	}()
	out, err := render(r)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Out: out}
}

func main() {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	log.SetOutput(io.Discard)
	in := bufio.NewReader(os.Stdin)
	encoder := json.NewEncoder(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var r request
		if err := json.Unmarshal(line, &r); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := encoder.Encode(answerTo(r)); err != nil {
			os.Exit(1)
		}
	}
}
