{{/* The Service of what has an HTTP port, with gRPC beside it where there is that too: pods that are ready. */}}
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
    - { name: http, port: {{ .Facts.servicePort | default .Values.service.port }}, targetPort: http }
    {{- with .Facts.ports.grpc }}
    - { name: grpc, port: {{ . }}, targetPort: grpc }
    {{- end }}
{{- end }}

{{/* Where HTTP comes in from outside the cluster, as `ingress` of the values says. */}}
{{- define "koinon.ingress" -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ include "koinon.fullname" . }}
  labels:
    {{- include "koinon.labels" . | nindent 4 }}
  {{- with .Values.ingress.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with .Values.ingress.className }}
  ingressClassName: {{ . }}
  {{- end }}
  {{- with .Values.ingress.tlsSecretName }}
  tls:
    - { hosts: [{{ $.Values.ingress.host | quote }}], secretName: {{ . }} }
  {{- end }}
  rules:
    - host: {{ required (printf "%s.ingress.host: the host name of the public address" .Chart.Name) .Values.ingress.host | quote }}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: { service: { name: {{ include "koinon.fullname" . }}, port: { name: http } } }
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
      {{- if or .Values.network.httpFrom (not .Facts.isPublic) }}
      from:
        {{- with .Values.network.httpFrom }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- range append .Facts.httpCallers (printf "%s-test" .Chart.Name) }}
        - {{ include "koinon.podsOf" (list $.Release.Name .) }}
        {{- end }}
      {{- end }}
    {{- end }}
    {{- range $port, $peers := dict "grpc" .Values.network.grpcFrom "engine" .Values.network.engineFrom }}
    {{- if and $peers (hasKey $.Facts.ports $port) }}
    - from:
        {{- toYaml $peers | nindent 8 }}
      ports:
        - { protocol: TCP, port: {{ $port }} }
    {{- end }}
    {{- end }}
    - from:
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: {{ .Values.network.monitoringNamespace }} } }
        - {{ include "koinon.podsOf" (list .Release.Name (printf "%s-test" .Chart.Name)) }}
      ports:
        {{- range $name, $port := merge (pick .Facts.ports "admin") .Facts.sidecarPorts }}
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
{{- range $called, $port := .Facts.dialsHttp }}
- ports:
    - { protocol: TCP, port: {{ $port }} }
  to:
    - {{ include "koinon.podsOf" (list $.Release.Name $called) }}
{{- end }}
{{- end }}

{{/* From (list context rules); Redis is dialled only where its URL is given, NATS only by who has events. */}}
{{- define "koinon.egressInfrastructure" -}}
{{- $context := index . 0 -}}
{{- $skipped := list -}}
{{- if not (hasKey $context.Values.secrets "REDIS_URL") }}{{ $skipped = append $skipped "redis" }}{{ end -}}
{{- if not $context.Facts.events }}{{ $skipped = append $skipped "nats" }}{{ end -}}
{{- range $name, $rule := index . 1 }}
{{- if not (has $name $skipped) }}
- ports:
    - { protocol: TCP, port: {{ $rule.port }} }
  {{- with $rule.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}
