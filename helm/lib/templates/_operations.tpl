{{- define "koinon.serviceaccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "koinon.fullname" . }}
  labels:
    {{- include "koinon.labels" . | nindent 4 }}
automountServiceAccountToken: false
{{- end }}

{{- define "koinon.hpa" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "koinon.fullname" . }}
  labels:
    {{- include "koinon.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "koinon.fullname" . }}
  minReplicas: {{ .Values.autoscaling.minReplicas }}
  maxReplicas: {{ .Values.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ .Values.autoscaling.cpuPercent }}
{{- end }}

{{- define "koinon.pdb" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "koinon.fullname" . }}
  labels:
    {{- include "koinon.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "koinon.selector" . | nindent 6 }}
{{- end }}

{{- define "koinon.servicemonitor" -}}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: {{ include "koinon.fullname" . }}
  labels:
    {{- include "koinon.labels" . | nindent 4 }}
spec:
  selector:
    matchLabels:
      {{- include "koinon.selector" . | nindent 6 }}
  endpoints:
    - port: admin
      path: /metrics
      interval: {{ .Values.serviceMonitor.interval }}
{{- end }}

{{/* Everything a stateless service is made of, in one stream. */}}
{{- define "koinon.stateless" -}}
{{ include "koinon.serviceaccount" . }}
---
{{ include "koinon.configmap" . }}
---
{{ include "koinon.deployment" . }}
---
{{ include "koinon.surroundings" . }}
{{- if .Values.autoscaling.enabled }}
---
{{ include "koinon.hpa" . }}
{{- end }}
{{- end }}

{{/* Everything a service with files of its own is made of. */}}
{{- define "koinon.stateful" -}}
{{ include "koinon.serviceaccount" . }}
---
{{ include "koinon.configmap" . }}
---
{{ include "koinon.statefulset" . }}
---
{{ include "koinon.surroundings" . }}
{{- end }}

{{- define "koinon.surroundings" -}}
{{ include "koinon.service" . }}
---
{{ include "koinon.headless" . }}
---
{{ include "koinon.pdb" . }}
---
{{ include "koinon.networkpolicy" . }}
{{- if .Values.migrations.enabled }}
---
{{ include "koinon.migrations" . }}
{{- end }}
{{- if .Values.serviceMonitor.enabled }}
---
{{ include "koinon.servicemonitor" . }}
{{- end }}
{{- end }}
