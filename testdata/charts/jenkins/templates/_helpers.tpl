{{/* Names and labels that every template shares. */}}

{{- define "jenkins.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "jenkins.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "jenkins.name" . -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "jenkins.namespace" -}}
{{- .Values.namespaceOverride | default .Release.Namespace -}}
{{- end -}}

{{- define "jenkins.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "jenkins.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "jenkins.selectorLabels" -}}
app.kubernetes.io/name: {{ include "jenkins.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: controller
{{- end -}}

{{- define "jenkins.labels" -}}
{{ include "jenkins.selectorLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | quote }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "jenkins.reloadLabel" -}}
{{- printf "%s-jenkins-config" (include "jenkins.fullname" .) -}}
{{- end -}}

{{/* The label of a generated ConfigMap, which the reload sidecar selects on. */}}
{{- define "jenkins.cascMetadata" -}}
namespace: {{ include "jenkins.namespace" . }}
labels:
  {{- include "jenkins.labels" . | nindent 2 }}
  {{ include "jenkins.reloadLabel" . }}: "true"
{{- end -}}

{{/* One pod template; the context is a copy of the root with `agent` changed. */}}
{{- define "jenkins.podTemplate" -}}
{{- $agent := .Values.agent -}}
- name: {{ $agent.componentName | quote }}
  id: {{ toJson $agent | sha256sum }}
  label: {{ printf "%s-%s" .Release.Name $agent.componentName | quote }}
  idleMinutes: {{ $agent.idleMinutes }}
  containers:
    - name: jnlp
      image: "{{ $agent.image.repository }}:{{ $agent.image.tag }}"
      args: {{ $agent.args | replace "$" "^$" | quote }}
      privileged: {{ $agent.privileged }}
      resourceLimitCpu: {{ $agent.resources.limits.cpu }}
      resourceLimitMemory: {{ $agent.resources.limits.memory }}
      resourceRequestCpu: {{ $agent.resources.requests.cpu }}
      resourceRequestMemory: {{ $agent.resources.requests.memory }}
{{- end -}}

{{- define "jenkins.defaultCasc" -}}
jenkins:
  numExecutors: {{ .Values.controller.numExecutors }}
  mode: {{ .Values.controller.mode }}
  slaveAgentPort: {{ .Values.controller.agentListenerPort }}
  {{- with .Values.controller.JCasC.securityRealm }}
  securityRealm:
    {{- tpl . $ | nindent 4 }}
  {{- end }}
  {{- with .Values.controller.JCasC.authorizationStrategy }}
  authorizationStrategy:
    {{- tpl . $ | nindent 4 }}
  {{- end }}
  {{- if .Values.agent.enabled }}
  clouds:
    - kubernetes:
        name: kubernetes
        namespace: {{ include "jenkins.namespace" . }}
        jenkinsUrl: http://{{ include "jenkins.fullname" . }}:{{ .Values.controller.servicePort }}
        templates:
          {{- include "jenkins.podTemplate" . | nindent 10 }}
          {{- $root := . }}
          {{- range $name, $overrides := .Values.additionalAgents }}
          {{- $copy := deepCopy $root.Values }}
          {{- $_ := set $copy "agent" (merge (dict "componentName" $name) $overrides $copy.agent) }}
          {{- include "jenkins.podTemplate" (dict "Values" $copy "Release" $root.Release) | nindent 10 }}
          {{- end }}
  {{- end }}
{{- if or .Values.controller.jenkinsUrl .Values.controller.jenkinsAdminEmail }}
unclassified:
  location:
    {{- with .Values.controller.jenkinsAdminEmail }}
    adminAddress: {{ . }}
    {{- end }}
    {{- with .Values.controller.jenkinsUrl }}
    url: {{ tpl . $ }}
    {{- end }}
{{- end }}
{{- end -}}
