//go:build helm4

package main

import (
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/cli/values"
	"helm.sh/helm/v4/pkg/engine"
)

func render(r request) (map[string]string, error) {
	var files []*archive.BufferedFile
	for name, text := range r.Files {
		files = append(files, &archive.BufferedFile{Name: name, Data: []byte(text)})
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
	release := common.ReleaseOptions{Name: "rel", Namespace: "default", Revision: 1, IsInstall: true}
	caps := common.DefaultCapabilities.Copy()
	kube, err := common.ParseKubeVersion("v1.36.0")
	if err != nil {
		return nil, err
	}
	caps.KubeVersion = *kube
	top, err := util.ToRenderValuesWithSchemaValidation(chart, user, release, caps, true)
	if err != nil {
		return nil, err
	}
	return engine.Engine{}.Render(chart, top)
}
