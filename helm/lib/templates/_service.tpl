{{/* Everything that a service is made of, from (list context facts). */}}
{{- define "koinon.resources" -}}
{{- $root := index . 0 -}}
{{- $facts := merge (index . 1) (dict "requires" list "uses" list "callers" list "httpCallers" list "dials" list "dialsHttp" dict "args" list "env" list "sidecarPorts" dict) -}}
{{- $context := dict "Values" $root.Values "Release" $root.Release "Chart" $root.Chart "Facts" $facts -}}
{{- $parts := list "serviceaccount" "configmap" (lower $facts.kind) "headless" "pdb" "networkpolicy" "test" -}}
{{- if $facts.ports.http }}{{ $parts = append $parts "service" }}{{ end -}}
{{- if (index $root.Values "ingress" | default dict).enabled }}{{ $parts = append $parts "ingress" }}{{ end -}}
{{- if (index $root.Values "autoscaling" | default dict).enabled }}{{ $parts = append $parts "hpa" }}{{ end -}}
{{- if $facts.databaseUrl }}{{ $parts = append $parts "migrations" }}{{ end -}}
{{- if and $root.Values.tls.issuer.name (include "koinon.hasIdentity" $context) }}{{ $parts = append $parts "certificate" }}{{ end -}}
{{- if $root.Values.serviceMonitor.enabled }}{{ $parts = append $parts "servicemonitor" }}{{ end -}}
{{- range $parts }}
---
{{ include (printf "koinon.%s" .) $context }}
{{- end }}
{{- end }}

{{- define "koinon.servicemonitor" -}}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: {{ include "koinon.fullname" . }}
  labels:
    {{- include "koinon.labels" . | nindent 4 }}
    {{- with .Values.serviceMonitor.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  selector:
    matchLabels:
      {{- include "koinon.selector" . | nindent 6 }}
  endpoints:
    {{- range $name, $port := merge (pick .Facts.ports "admin") .Facts.sidecarPorts }}
    - { port: {{ $name }}, path: /metrics, interval: {{ $.Values.serviceMonitor.interval }} }
    {{- end }}
{{- end }}
