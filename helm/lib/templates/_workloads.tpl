{{- define "koinon.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "koinon.fullname" . }}
  labels:
    {{- include "koinon.labels" . | nindent 4 }}
spec:
  {{- if not .Values.autoscaling.enabled }}
  replicas: {{ .Values.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  strategy:
    type: RollingUpdate
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 }
  selector:
    matchLabels:
      {{- include "koinon.selector" . | nindent 6 }}
  template:
    {{- include "koinon.pod" . | nindent 4 }}
{{- end }}

{{/* For workloads that own files, or must be one at most: one volume per pod, kept when the pod goes, unless nothing is kept. */}}
{{- define "koinon.statefulset" -}}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ include "koinon.fullname" . }}
  labels:
    {{- include "koinon.labels" . | nindent 4 }}
spec:
  replicas: {{ .Facts.replicas | default .Values.replicas }}
  serviceName: {{ include "koinon.headlessName" . }}
  podManagementPolicy: Parallel
  revisionHistoryLimit: 3
  selector:
    matchLabels:
      {{- include "koinon.selector" . | nindent 6 }}
  template:
    {{- include "koinon.pod" . | nindent 4 }}
  {{- if not .Facts.keepsNothing }}
  volumeClaimTemplates:
    - metadata:
        name: data
        labels:
          {{- include "koinon.selector" . | nindent 10 }}
      spec:
        accessModes: [ReadWriteOnce]
        {{- with .Values.persistence.storageClass }}
        storageClassName: {{ . }}
        {{- end }}
        resources:
          requests: { storage: {{ .Values.persistence.size }} }
  {{- end }}
{{- end }}

{{- define "koinon.hpa" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "koinon.fullname" . }}
  labels:
    {{- include "koinon.labels" . | nindent 4 }}
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: {{ include "koinon.fullname" . }} }
  minReplicas: {{ .Values.autoscaling.minReplicas }}
  maxReplicas: {{ .Values.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: { type: Utilization, averageUtilization: {{ .Values.autoscaling.cpuPercent }} }
    {{- with .Values.autoscaling.requestsPerPod }}
    - type: Pods
      pods:
        metric: { name: {{ $.Facts.requestsMetric }} }
        target: { type: AverageValue, averageValue: {{ . }} }
    {{- end }}
  {{- with .Values.autoscaling.behavior }}
  behavior:
    {{- toYaml . | nindent 4 }}
  {{- end }}
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
