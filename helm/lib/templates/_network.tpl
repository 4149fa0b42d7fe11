{{- define "koinon.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "koinon.fullname" . }}
  labels:
    {{- include "koinon.labels" . | nindent 4 }}
spec:
  type: {{ .Values.service.type }}
  selector:
    {{- include "koinon.selector" . | nindent 4 }}
  ports:
    {{- if .Values.ports.http }}
    - name: http
      port: {{ .Values.service.httpPort }}
      targetPort: http
    {{- end }}
    - name: grpc
      port: {{ .Values.ports.grpc }}
      targetPort: grpc
    - name: admin
      port: {{ .Values.ports.admin }}
      targetPort: admin
{{- end }}

{{/* gRPC clients balance over the addresses of this one; a pod that is not ready gets no new calls. */}}
{{- define "koinon.headless" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "koinon.fullname" . }}-headless
  labels:
    {{- include "koinon.labels" . | nindent 4 }}
spec:
  clusterIP: None
  selector:
    {{- include "koinon.selector" . | nindent 4 }}
  ports:
    - name: grpc
      port: {{ .Values.ports.grpc }}
      targetPort: grpc
{{- end }}

{{/*
Default deny, then exactly the edges of the service graph: `network.callers` may dial the gRPC port, `network.calls` may be
dialled, infrastructure only where `network.infrastructure` names it, scraping from `network.monitoringNamespace`.
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
    {{- range $caller := .Values.network.callers }}
    - from:
        - podSelector:
            matchLabels:
              app.kubernetes.io/name: {{ $caller }}
              app.kubernetes.io/instance: {{ $.Release.Name }}
      ports:
        - { protocol: TCP, port: grpc }
    {{- end }}
    {{- if .Values.ports.http }}
    - ports:
        - { protocol: TCP, port: http }
      {{- with .Values.network.httpFrom }}
      from:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- end }}
    - from:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: {{ .Values.network.monitoringNamespace }}
      ports:
        - { protocol: TCP, port: admin }
  egress:
    - to:
        - namespaceSelector: {}
          podSelector:
            matchLabels:
              k8s-app: kube-dns
      ports:
        - { protocol: UDP, port: 53 }
        - { protocol: TCP, port: 53 }
    {{- range $callee := .Values.network.calls }}
    - to:
        - podSelector:
            matchLabels:
              app.kubernetes.io/name: {{ $callee }}
              app.kubernetes.io/instance: {{ $.Release.Name }}
      ports:
        - { protocol: TCP, port: {{ $.Values.ports.grpc }} }
    {{- end }}
    {{- range $name, $rule := .Values.network.infrastructure }}
    - ports:
        - { protocol: TCP, port: {{ $rule.port }} }
      {{- with $rule.to }}
      to:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- end }}
{{- end }}
