{{/* Pod template shared by Deployment and StatefulSet. */}}
{{- define "koinon.pod" -}}
metadata:
  labels:
    {{- include "koinon.labels" . | nindent 4 }}
  annotations:
    checksum/config: {{ include "koinon.configmap" . | sha256sum }}
    checksum/secrets: {{ include "koinon.secretsChecksum" . }}
    {{- with .Facts.annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "koinon.fullname" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "koinon.gracePeriod" . }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with (.Values.global).imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- include "koinon.podSecurity" . | nindent 4 }}
  topologySpreadConstraints:
    {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "koinon.selector" $ | nindent 10 }}
    {{- end }}
  {{- range $field := list "nodeSelector" "tolerations" "affinity" }}
  {{- with index $.Values $field }}
  {{ $field }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- with .Facts.sidecars }}
  initContainers:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - {{- include "koinon.container" . | nindent 6 }}
  volumes:
    - name: tmp
      emptyDir: { sizeLimit: 256Mi }
    {{- if include "koinon.hasIdentity" . }}
    - name: tls
      secret: { secretName: {{ include "koinon.tlsSecretName" . }}, defaultMode: 0440 }
    {{- end }}
    {{- if include "koinon.natsTlsSecret" . }}
    - name: nats
      secret: { secretName: {{ include "koinon.natsTlsSecret" . }}, defaultMode: 0440 }
    {{- end }}
    {{- with .Facts.volumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{- define "koinon.container" -}}
name: {{ .Chart.Name }}
image: {{ include "koinon.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
# A process that could not start says why in the pod's status too.
terminationMessagePolicy: FallbackToLogsOnError
args: {{ .Facts.args | toJson }}
envFrom:
  - configMapRef:
      name: {{ include "koinon.fullname" . }}
env:
  {{- include "koinon.env" . | trim | nindent 2 }}
ports:
  {{- range $name, $port := .Facts.ports }}
  - { name: {{ $name }}, containerPort: {{ $port }} }
  {{- end }}
{{ include "koinon.probes" (list "admin" .Values.probes.startupSeconds) }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  {{- include "koinon.containerSecurity" . | nindent 2 }}
volumeMounts:
  - { name: tmp, mountPath: /tmp }
  {{- if include "koinon.hasIdentity" . }}
  - { name: tls, mountPath: /etc/koinon/tls, readOnly: true }
  {{- end }}
  {{- if include "koinon.natsTlsSecret" . }}
  - { name: nats, mountPath: /etc/koinon/nats, readOnly: true }
  {{- end }}
  {{- with .Facts.volumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/*
From (list port startupSeconds). The admin port answers as soon as the configuration is read, so a process that waits for others is
alive and not ready; liveness asks nobody else. A pod that is deleted leaves its Services without a probe, so probes need not be hasty:
on a busy node a late answer must not take every replica at once from its callers, nor end a process that others wait for.
*/}}
{{- define "koinon.probes" -}}
startupProbe:
  httpGet: { path: /livez, port: {{ index . 0 }} }
  periodSeconds: 1
  timeoutSeconds: 5
  failureThreshold: {{ index . 1 }}
livenessProbe:
  httpGet: { path: /livez, port: {{ index . 0 }} }
  periodSeconds: 10
  timeoutSeconds: 10
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /readyz, port: {{ index . 0 }} }
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 3
{{- end }}
