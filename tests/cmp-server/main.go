// Starts Argo CD's plugin server, or calls it as repo-server does.
//
//	cmp-server serve CONFIG_DIRECTORY
//	cmp-server call SOCKET <request.json
//
// Both sides are Argo CD's own code; only the request and the answers are JSON here.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/argoproj/argo-cd/v3/cmd/argocd-cmp-server/commands"
	"github.com/argoproj/argo-cd/v3/cmpserver/apiclient"
	"github.com/argoproj/argo-cd/v3/util/cmp"
)

// request is one call for each of some directories, made as often as wanted at the same time.
type request struct {
	Method     string   `json:"method"`
	Root       string   `json:"root"`
	Apps       []string `json:"apps"`
	Env        []string `json:"env"`
	Exclude    []string `json:"exclude"`
	DeadlineMs int      `json:"deadlineMs"`
	Times      int      `json:"times"`
}

// answer is what one call gave.
type answer struct {
	Manifests  []string `json:"manifests,omitempty"`
	Supported  bool     `json:"supported"`
	Discovery  bool     `json:"discovery"`
	Parameters any      `json:"parameters,omitempty"`
	Error      string   `json:"error"`
	Millis     int64    `json:"millis"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: cmp-server serve DIRECTORY | call SOCKET")
	}
	switch args[0] {
	case "serve":
		server := commands.NewCommand()
		server.SetArgs([]string{"--config-dir-path", args[1], "--loglevel", "warn", "--logformat", "text"})
		return server.Execute()
	case "call":
		return call(args[1])
	}
	return fmt.Errorf("unknown command %q", args[0])
}

func call(socket string) error {
	var wanted request
	if err := json.NewDecoder(os.Stdin).Decode(&wanted); err != nil {
		return err
	}
	connection, client, err := apiclient.NewConfigManagementPluginClientSet(socket).NewConfigManagementPluginClient()
	if err != nil {
		return err
	}
	defer connection.Close()
	answers := make([]answer, max(wanted.Times, 1)*len(wanted.Apps))
	var all sync.WaitGroup
	for n := range answers {
		all.Add(1)
		go func() {
			defer all.Done()
			start := time.Now()
			answers[n] = one(client, wanted, wanted.Apps[n%len(wanted.Apps)])
			answers[n].Millis = time.Since(start).Milliseconds()
		}()
	}
	all.Wait()
	return json.NewEncoder(os.Stdout).Encode(answers)
}

func one(client apiclient.ConfigManagementPluginServiceClient, wanted request, app string) answer {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(wanted.DeadlineMs)*time.Millisecond)
	defer cancel()
	var out answer
	if err := method(ctx, client, wanted, app, &out); err != nil {
		out.Error = err.Error()
	}
	return out
}

func method(ctx context.Context, client apiclient.ConfigManagementPluginServiceClient, wanted request, app string, out *answer) error {
	send := func(stream cmp.StreamSender) error {
		return cmp.SendRepoStream(ctx, app, wanted.Root, stream, wanted.Env, wanted.Exclude)
	}
	switch wanted.Method {
	case "generate":
		stream, err := client.GenerateManifest(ctx)
		if err != nil {
			return err
		}
		if err := send(stream); err != nil {
			return err
		}
		response, err := stream.CloseAndRecv()
		out.Manifests = response.GetManifests()
		return err
	case "match":
		stream, err := client.MatchRepository(ctx)
		if err != nil {
			return err
		}
		if err := send(stream); err != nil {
			return err
		}
		response, err := stream.CloseAndRecv()
		out.Supported, out.Discovery = response.GetIsSupported(), response.GetIsDiscoveryEnabled()
		return err
	case "parameters":
		stream, err := client.GetParametersAnnouncement(ctx)
		if err != nil {
			return err
		}
		if err := send(stream); err != nil {
			return err
		}
		response, err := stream.CloseAndRecv()
		out.Parameters = response.GetParameterAnnouncements()
		return err
	case "check":
		response, err := client.CheckPluginConfiguration(ctx, &emptypb.Empty{})
		out.Discovery = response.GetIsDiscoveryConfigured()
		return err
	}
	return fmt.Errorf("unknown method %q", wanted.Method)
}
