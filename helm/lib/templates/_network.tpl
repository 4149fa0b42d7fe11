{{/* The public Service; only for what has an HTTP port. */}}
{{- define "koinon.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "koinon.fullname" . }}
  labels:
    {{- include "koinon.labels" . | nindent 4 }}
  {{- with .Values.service.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ .Values.service.type }}
  selector:
    {{- include "koinon.selector" . | nindent 4 }}
  ports:
    - { name: http, port: {{ .Values.service.port }}, targetPort: http }
{{- end }}

{{/*
The addresses of the pods themselves: gRPC clients spread calls over them, and they are scraped one by one. Pods of a StatefulSet
have names there also before they are ready: who dials one by name knows from elsewhere whether it serves.
*/}}
{{- define "koinon.headless" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "koinon.headlessName" . }}
  labels:
    {{- include "koinon.labels" . | nindent 4 }}
spec:
  clusterIP: None
  publishNotReadyAddresses: {{ eq .Facts.kind "StatefulSet" }}
  selector:
    {{- include "koinon.selector" . | nindent 4 }}
  ports:
    {{- range $name, $port := merge (omit .Facts.ports "http") .Facts.sidecarPorts }}
    - { name: {{ $name }}, port: {{ $port }}, targetPort: {{ $name }} }
    {{- end }}
{{- end }}

{{- define "koinon.headlessName" -}}
{{ include "koinon.fullname" . }}{{ if .Facts.ports.http }}-pods{{ end }}
{{- end }}

{{/*
Default deny, then exactly the edges of the service graph: callers may dial the gRPC port, what the service calls may be dialled,
infrastructure only as `network.infrastructure` says, scraping from `network.monitoringNamespace`.
*/}}
{{- define "koinon.networkpolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "koinon.fullname" . }}
  labels:
    {{- include "koinon.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "koinon.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    {{- range .Facts.callers }}
    - from:
        - {{ include "koinon.podsOf" (list $.Release.Name .) }}
      ports:
        - { protocol: TCP, port: grpc }
    {{- end }}
    {{- if .Facts.ports.http }}
    - ports:
        - { protocol: TCP, port: http }
      {{- with .Values.network.httpFrom }}
      from:
        {{- toYaml . | nindent 8 }}
        - {{ include "koinon.podsOf" (list $.Release.Name (printf "%s-test" $.Chart.Name)) }}
      {{- end }}
    {{- else if .Values.network.grpcFrom }}
    - from:
        {{- toYaml .Values.network.grpcFrom | nindent 8 }}
      ports:
        - { protocol: TCP, port: grpc }
    {{- end }}
    - from:
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: {{ .Values.network.monitoringNamespace }} } }
        - {{ include "koinon.podsOf" (list .Release.Name (printf "%s-test" .Chart.Name)) }}
      ports:
        {{- range $name, $port := merge (omit .Facts.ports "http" "grpc") .Facts.sidecarPorts }}
        - { protocol: TCP, port: {{ $name }} }
        {{- end }}
  egress:
    {{- include "koinon.egressDns" . | nindent 4 }}
    {{- include "koinon.egressCalls" . | nindent 4 }}
    {{- include "koinon.egressInfrastructure" (list . .Values.network.infrastructure) | nindent 4 }}
{{- end }}

{{/* Peer: the pods of a service of this release, from (list release service). */}}
{{- define "koinon.podsOf" -}}
podSelector: { matchLabels: { app.kubernetes.io/name: {{ index . 1 }}, app.kubernetes.io/instance: {{ index . 0 }} } }
{{- end }}

{{- define "koinon.egressDns" -}}
- to:
    - namespaceSelector: {}
      podSelector: { matchLabels: { k8s-app: kube-dns } }
  ports:
    - { protocol: UDP, port: 53 }
    - { protocol: TCP, port: 53 }
{{- end }}

{{- define "koinon.egressCalls" -}}
{{- $external := .Values.addresses -}}
{{- $called := keys (include "koinon.addresses" . | fromYaml) | sortAlpha -}}
{{- range concat $called .Facts.dials }}
{{- $given := index $external . }}
- ports:
    - { protocol: TCP, port: {{ if $given }}{{ $given | splitList ":" | last }}{{ else }}7000{{ end }} }
  {{- if not $given }}
  to:
    - {{ include "koinon.podsOf" (list $.Release.Name .) }}
  {{- end }}
{{- end }}
{{- end }}

{{/* From (list context rules); Redis is dialled only where its URL is given. */}}
{{- define "koinon.egressInfrastructure" -}}
{{- $secrets := (index . 0).Values.secrets -}}
{{- range $name, $rule := index . 1 }}
{{- if or (ne $name "redis") (hasKey $secrets "REDIS_URL") }}
- ports:
    - { protocol: TCP, port: {{ $rule.port }} }
  {{- with $rule.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}
