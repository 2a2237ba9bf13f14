//go:build helm3

package main

import (
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/cli/values"
	"helm.sh/helm/v3/pkg/engine"
)

func render(r request) (map[string]string, error) {
	var files []*loader.BufferedFile
	for name, text := range r.Files {
		files = append(files, &loader.BufferedFile{Name: name, Data: []byte(text)})
	}
	chart, err := loader.LoadFiles(files)
	if err != nil {
		return nil, err
	}
	set := values.Options{
		JSONValues: r.Set["json"], Values: r.Set["set"], StringValues: r.Set["string"],
		LiteralValues: r.Set["literal"],
	}
	user, err := set.MergeValues(nil)
	if err != nil {
		return nil, err
	}
	release := chartutil.ReleaseOptions{Name: "rel", Namespace: "default", Revision: 1, IsInstall: true}
	caps := chartutil.DefaultCapabilities.Copy()
	kube, err := chartutil.ParseKubeVersion("v1.36.0")
	if err != nil {
		return nil, err
	}
	caps.KubeVersion = *kube
	top, err := chartutil.ToRenderValuesWithSchemaValidation(chart, user, release, caps, true)
	if err != nil {
		return nil, err
	}
	return engine.Engine{}.Render(chart, top)
}
