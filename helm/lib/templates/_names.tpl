{{/*
Every template below gets one context: Values, Release, Chart, Files as Helm has them, and Facts: what the chart knows about its
service and an operator does not choose (see charts/market/templates/market.yaml).
*/}}
{{/* <release>-<service>, from (list release service); the Service of the gateway is therefore <release>-gateway. */}}
{{- define "koinon.nameOf" -}}
{{- printf "%s-%s" (index . 0) (index . 1) | trunc 48 | trimSuffix "-" -}}
{{- end }}

{{- define "koinon.fullname" -}}
{{- include "koinon.nameOf" (list .Release.Name .Chart.Name) -}}
{{- end }}

{{- define "koinon.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "koinon.labels" -}}
{{ include "koinon.selector" . }}
app.kubernetes.io/part-of: koinon
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "koinon.image" -}}
{{- $image := .Values.image -}}
{{- with (.Values.global).imageRegistry | default $image.registry }}{{ . }}/{{ end }}
{{- $image.repository }}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}
