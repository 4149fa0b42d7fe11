{{/* Pod template shared by Deployment and StatefulSet. */}}
{{- define "koinon.pod" -}}
metadata:
  labels:
    {{- include "koinon.labels" . | nindent 4 }}
  annotations:
    checksum/config: {{ toJson .Values.config | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "koinon.fullname" . }}
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    seccompProfile:
      type: RuntimeDefault
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "koinon.selector" . | nindent 10 }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ .Chart.Name }}
      image: {{ include "koinon.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args:
        {{- toYaml .Values.args | nindent 8 }}
      envFrom:
        - configMapRef:
            name: {{ include "koinon.fullname" . }}
      env:
        {{- include "koinon.env" . | nindent 8 }}
      ports:
        {{- if .Values.ports.http }}
        - name: http
          containerPort: {{ .Values.ports.http }}
        {{- end }}
        - name: grpc
          containerPort: {{ .Values.ports.grpc }}
        - name: admin
          containerPort: {{ .Values.ports.admin }}
      startupProbe:
        httpGet: { path: /livez, port: admin }
        periodSeconds: 1
        failureThreshold: {{ .Values.probes.startupSeconds }}
      livenessProbe:
        httpGet: { path: /livez, port: admin }
        periodSeconds: 10
        timeoutSeconds: 3
        failureThreshold: 3
      readinessProbe:
        httpGet: { path: /readyz, port: admin }
        periodSeconds: 2
        timeoutSeconds: 2
        failureThreshold: 2
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      volumeMounts:
        - name: tmp
          mountPath: /tmp
        {{- if .Values.tls.secretName }}
        - name: tls
          mountPath: /etc/koinon/tls
          readOnly: true
        {{- end }}
        {{- range $name, $mount := .Values.secretFiles }}
        {{- if $mount.secretName }}
        - name: {{ $name }}
          mountPath: {{ $mount.mountPath }}
          readOnly: true
        {{- end }}
        {{- end }}
        {{- if .Values.persistence.enabled }}
        - name: data
          mountPath: {{ .Values.persistence.mountPath }}
        {{- end }}
  volumes:
    - name: tmp
      emptyDir:
        sizeLimit: 256Mi
    {{- if .Values.tls.secretName }}
    - name: tls
      secret:
        secretName: {{ .Values.tls.secretName }}
        defaultMode: 0440
    {{- end }}
    {{- range $name, $mount := .Values.secretFiles }}
    {{- if $mount.secretName }}
    - name: {{ $name }}
      secret:
        secretName: {{ $mount.secretName }}
        defaultMode: 0440
    {{- end }}
    {{- end }}
{{- end }}
